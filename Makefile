# ncmlops: make, make demo, make test. See CONTRIBUTING.md for every target.
CC ?= gcc
PREFIX ?= /usr/local
FLAVOUR ?= plain
BUILD ?= build
PKG := ncursesw sqlite3 libcjson yaml-0.1 libcrypto
OBJ := $(BUILD)/obj-$(FLAVOUR)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
ifdef WERROR
WARN += -Werror
endif
CFLAGS ?= -O2 -g
FLAGS_plain := -D_FORTIFY_SOURCE=2 -fstack-protector-strong
FLAGS_asan := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_tsan := -fsanitize=thread -fno-omit-frame-pointer
SAN := $(if $(filter asan tsan,$(FLAVOUR)),$(FLAGS_$(FLAVOUR)))
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -D_XOPEN_SOURCE_EXTENDED=1 -DNCM_PREFIX='"$(PREFIX)"' \
	$(WARN) $(CFLAGS) $(FLAGS_$(FLAVOUR)) -pthread $(PKG_CFLAGS)
PKG_CFLAGS = $(shell pkg-config --cflags $(PKG))
LIBS = $(shell pkg-config --libs $(PKG)) -pthread -lm

BACKEND_SRC := $(wildcard backend/*/*.c backend/*/*/*.c)
CLI_SRC := $(wildcard cli/*.c)
TUI_SRC := $(wildcard tui/*/*.c tui/*/*/*.c)
BACKEND_OBJ := $(BACKEND_SRC:%.c=$(OBJ)/%.o)
FRONT_OBJ := $(CLI_SRC:%.c=$(OBJ)/%.o) $(TUI_SRC:%.c=$(OBJ)/%.o)
LIB := $(OBJ)/libncmlops.a
PROGRAM := $(if $(filter plain,$(FLAVOUR)),$(BUILD)/ncmlops,$(OBJ)/ncmlops)

all: $(PROGRAM)

$(PROGRAM): $(FRONT_OBJ) $(LIB)
	@mkdir -p $(@D)
	$(CC) $(SAN) $(LDFLAGS) -o $@ $(FRONT_OBJ) $(LIB) $(LIBS)

$(LIB): $(BACKEND_OBJ)
	@rm -f $@
	ar rcs $@ $(BACKEND_OBJ)

$(OBJ)/backend/%.o: backend/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Ibackend -MMD -MP -c $< -o $@
$(OBJ)/cli/%.o: cli/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Ibackend -Icli -I. -MMD -MP -c $< -o $@
$(OBJ)/tui/%.o: tui/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Ibackend -Itui -I. -MMD -MP -c $< -o $@

clean:
	rm -rf $(BUILD)

-include $(BACKEND_OBJ:.o=.d) $(FRONT_OBJ:.o=.d)
.PHONY: all clean
