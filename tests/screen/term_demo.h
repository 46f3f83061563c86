/* A small program on the terminal layer alone, for the tests of that layer: a test runs itself as
 * "test_term --demo [OPTION…]" in a pseudo-terminal. */
#ifndef TESTS_SCREEN_TERM_DEMO_H
#define TESTS_SCREEN_TERM_DEMO_H

#include <stdbool.h>

/* Keys: q quit, c crash, a abort, s suspend, r run a child, C copy, f fill, j/k move a bar; every
 * event is told on the screen. Options: mouse, plain, script FILE. */
int term_demo(int argc, char **argv);

struct vt;
/* In a test's main: true where it was started as the demo, which then has run. */
bool demo_main(int argc, char **argv);
int demo_status(void);
/* The path of the running test. */
const char *demo_self(void);
/* Starts the demo and waits for its first frame; option may be NULL. */
struct vt *demo_start(int rows, int cols, const char *const *env, const char *option);

#endif
