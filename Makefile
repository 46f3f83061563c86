CC ?= gcc
PREFIX ?= /usr/local
DESTDIR ?=
FLAVOUR ?= plain
BUILD ?= build
JOBS ?= 2
FUZZ_SECONDS ?= 60
NCMLOPS_SHARED ?= ../shared
PKG := ncursesw sqlite3 libcurl libcjson yaml-0.1 libcrypto zlib libzstd libmicrohttpd
OBJ := $(BUILD)/obj-$(FLAVOUR)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
ifdef WERROR
WARN += -Werror
endif
CFLAGS ?= -O2 -g
FLAGS_plain := -D_FORTIFY_SOURCE=2 -fstack-protector-strong
FLAGS_asan := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_tsan := -fsanitize=thread -fno-omit-frame-pointer
FLAGS_fuzz := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SAN := $(if $(filter asan tsan,$(FLAVOUR)),$(FLAGS_$(FLAVOUR)))
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -D_XOPEN_SOURCE_EXTENDED=1 -DNCM_PREFIX='"$(PREFIX)"' \
	$(WARN) $(CFLAGS) $(FLAGS_$(FLAVOUR)) -pthread $(PKG_CFLAGS)
PKG_CFLAGS = $(shell pkg-config --cflags $(PKG))
LIBS = $(shell pkg-config --libs $(PKG)) -pthread -lm

BACKEND_SRC := $(wildcard backend/*/*.c backend/*/*/*.c)
CLI_SRC := $(wildcard cli/*.c)
TUI_SRC := $(wildcard tui/*/*.c tui/*/*/*.c)
BACKEND_OBJ := $(BACKEND_SRC:%.c=$(OBJ)/%.o)
CLI_OBJ := $(CLI_SRC:%.c=$(OBJ)/%.o)
TUI_OBJ := $(TUI_SRC:%.c=$(OBJ)/%.o)
FRONT_OBJ := $(CLI_OBJ) $(TUI_OBJ)
LIB := $(OBJ)/libncmlops.a
PROGRAM := $(if $(filter plain,$(FLAVOUR)),$(BUILD)/ncmlops,$(OBJ)/ncmlops)

LANGUAGES := $(patsubst po/%.po,%,$(wildcard po/*.po))
MO := $(LANGUAGES:%=$(BUILD)/locale/%/LC_MESSAGES/ncmlops.mo)

all: $(PROGRAM) $(MO)

$(PROGRAM): $(FRONT_OBJ) $(LIB)
	@mkdir -p $(@D)
	$(CC) $(SAN) $(LDFLAGS) -o $@ $(FRONT_OBJ) $(LIB) $(LIBS)

$(LIB): $(BACKEND_OBJ)
	@rm -f $@
	ar rcs $@ $(BACKEND_OBJ)

$(OBJ)/backend/%.o: backend/%.c | packages
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Ibackend -MMD -MP -c $< -o $@
$(OBJ)/cli/%.o: cli/%.c | packages
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Ibackend -Icli -I. -MMD -MP -c $< -o $@
$(OBJ)/tui/%.o: tui/%.c | packages
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Ibackend -Itui -I. -MMD -MP -c $< -o $@

# Without gettext's tools the program speaks English.
$(BUILD)/locale/%/LC_MESSAGES/ncmlops.mo: po/%.po | packages
	@mkdir -p $(@D)
	@! command -v msgfmt >/dev/null || msgfmt -o $@ $<

# Names the missing packages; `demo`, `test` and their relatives install them where they may.
packages:
	@CC='$(CC)' .ci/install-deps $(if $(INSTALL_PACKAGES),,--check) $(or $(INSTALL_PACKAGES),build)

# ---- try it ------------------------------------------------------------------------------------
demo: INSTALL_PACKAGES := build
demo: all
	@$(PROGRAM) demo

# ---- tests -------------------------------------------------------------------------------------
UNIT_BIN := $(patsubst tests/%.c,$(OBJ)/tests/%,$(wildcard tests/unit/test_*.c tests/provider/test_*.c))
SCREEN_BIN := $(patsubst tests/%.c,$(OBJ)/tests/%,$(wildcard tests/screen/test_*.c))
UNIT_HELP := $(patsubst tests/%.c,$(OBJ)/tests/%.o,$(wildcard tests/unit/*.c tests/provider/*.c))
UNIT_HELP := $(foreach f,$(UNIT_HELP),$(if $(findstring /test_,$(f)),,$(f)))
SCREEN_HELP := $(patsubst tests/%.c,$(OBJ)/tests/%.o,$(wildcard tests/screen/*.c))
SCREEN_HELP := $(foreach f,$(SCREEN_HELP),$(if $(findstring /test_,$(f)),,$(f)))
FRONT_LIB := $(OBJ)/libfront.a
TEST_BIN := $(UNIT_BIN) $(SCREEN_BIN)

$(OBJ)/tests/%.o: tests/%.c | packages
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Ibackend -Itui -Icli -Itests -I. -MMD -MP -c $< -o $@

# Everything of the front ends but main, for tests of pure parts (layout, keys, parsing).
$(FRONT_LIB): $(FRONT_OBJ)
	@rm -f $@
	ar rcs $@ $(FRONT_OBJ)

$(UNIT_BIN): %: %.o $(UNIT_HELP) $(FRONT_LIB) $(LIB)
	$(CC) $(SAN) $(LDFLAGS) -o $@ $< $(UNIT_HELP) $(FRONT_LIB) $(LIB) -lcmocka $(LIBS)
$(SCREEN_BIN): %: %.o $(SCREEN_HELP) $(FRONT_LIB) $(LIB)
	$(CC) $(SAN) $(LDFLAGS) -o $@ $< $(SCREEN_HELP) $(FRONT_LIB) $(LIB) -lcmocka -lvterm -lutil $(LIBS)

# What a test against a real system runs of ours where no command does it.
REAL_BIN := $(OBJ)/tests/real/monitor_points $(OBJ)/tests/real/kube_driver
$(REAL_BIN): %: %.o $(LIB)
	$(CC) $(SAN) $(LDFLAGS) -o $@ $< $(LIB) $(LIBS)

RUN_TESTS = OBJ='$(OBJ)' BUILD='$(BUILD)' FLAVOUR='$(FLAVOUR)' JOBS='$(JOBS)' CC='$(CC)' \
	NCMLOPS_SHARED='$(NCMLOPS_SHARED)' NCMLOPS_BIN='$(abspath $(PROGRAM))' tests/run

tests-built: all $(TEST_BIN)

test: INSTALL_PACKAGES := test
test: tests-built
	@$(RUN_TESTS) $(TESTS)

test-asan:
	@$(MAKE) --no-print-directory test FLAVOUR=asan
test-tsan:
	@$(MAKE) --no-print-directory test FLAVOUR=tsan
test-valgrind: tests-built
	@VALGRIND=1 $(RUN_TESTS) $(TESTS)

# Against real systems, started by the test bed in NCMLOPS_SHARED; what cannot be had is skipped.
test-real: INSTALL_PACKAGES := test
test-real: all $(REAL_BIN)
	@$(RUN_TESTS) real

bench: all
	@NCMLOPS_BIN='$(abspath $(PROGRAM))' NCMLOPS_SHARED='$(NCMLOPS_SHARED)' tests/bench/run

FUZZ_BIN := $(patsubst tests/%.c,$(BUILD)/obj-fuzz/tests/%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz:
	@$(MAKE) --no-print-directory fuzz-built FLAVOUR=fuzz CC=clang CFLAGS='-O1 -g'
	@BUILD='$(BUILD)' FUZZ_SECONDS='$(FUZZ_SECONDS)' tests/fuzz/run $(FUZZ_BIN)
fuzz-built: $(FUZZ_BIN)
$(BUILD)/obj-fuzz/tests/fuzz/fuzz_%: $(BUILD)/obj-fuzz/tests/fuzz/fuzz_%.o $(FRONT_LIB) $(LIB)
	clang -fsanitize=fuzzer,address,undefined $(LDFLAGS) -o $@ $< $(FRONT_LIB) $(LIB) $(LIBS)

# ---- upkeep ------------------------------------------------------------------------------------
lint: $(BACKEND_OBJ) $(FRONT_OBJ)
	@CC='$(CC)' tests/layers.sh $(OBJ)
	@tests/style.sh
	@tests/lint.sh

screenshots: all
	@NCMLOPS_BIN='$(abspath $(PROGRAM))' screenshots/make.sh

POT := po/ncmlops.pot
XGETTEXT := xgettext --from-code=UTF-8 --language=C --keyword=_ --keyword=N_ --add-comments=TR: \
	--package-name=ncmlops --no-wrap --sort-by-file --add-location=file
po:
	@LC_ALL=C $(XGETTEXT) -o $(POT) $(sort $(BACKEND_SRC) $(CLI_SRC) $(TUI_SRC))
	@sed -i '/^"POT-Creation-Date/d' $(POT)
	@for l in $(LANGUAGES); do \
		msgmerge --quiet --no-wrap --no-fuzzy-matching --backup=off --update po/$$l.po $(POT) && \
		msgattrib --no-wrap --no-obsolete -o po/$$l.po po/$$l.po && \
		msgfmt --check --statistics -o /dev/null po/$$l.po; done

SHARE := $(DESTDIR)$(PREFIX)/share
install: all
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/ncmlops
	install -d $(SHARE)/ncmlops/themes
	install -m 644 $(wildcard themes/*) $(SHARE)/ncmlops/themes/
	install -D -m 644 docs/ncmlops.1 $(SHARE)/man/man1/ncmlops.1
	@for mo in $(wildcard $(MO)); do install -D -m 644 $$mo $(SHARE)/locale/$${mo#$(BUILD)/locale/}; done
	@install -d $(SHARE)/bash-completion/completions $(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	$(PROGRAM) completion bash > $(SHARE)/bash-completion/completions/ncmlops
	$(PROGRAM) completion zsh > $(SHARE)/zsh/site-functions/_ncmlops
	$(PROGRAM) completion fish > $(SHARE)/fish/vendor_completions.d/ncmlops.fish

clean:
	rm -rf $(BUILD)

help:
	@echo 'make               build build/ncmlops'
	@echo 'make demo          build it and open it on a workspace made for trying it'
	@echo 'make test          every test that needs no other system; TESTS="unit cli" runs some'
	@echo 'make test-asan | test-tsan | test-valgrind   the same under a checker'
	@echo 'make test-real     against real systems (NCMLOPS_SHARED names the folder of the test bed)'
	@echo 'make fuzz FUZZ_SECONDS=60      make bench      make lint      make screenshots'
	@echo 'make po            collect the texts to translate and merge them into po/*.po'
	@echo 'make install PREFIX=/usr/local DESTDIR=      make clean'

-include $(FUZZ_BIN:=.d) $(REAL_BIN:=.d) $(BACKEND_OBJ:.o=.d) $(FRONT_OBJ:.o=.d) $(TEST_BIN:=.d) $(UNIT_HELP:.o=.d) $(SCREEN_HELP:.o=.d)
.PHONY: all packages demo tests-built test test-asan test-tsan test-valgrind test-real bench fuzz \
	fuzz-built lint screenshots po install clean help
.SECONDARY:
