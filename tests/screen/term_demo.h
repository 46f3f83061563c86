/* A small program on the terminal layer alone, for test_term: the test runs itself as
 * "test_term --demo [OPTION…]" in a pseudo-terminal. */
#ifndef TESTS_SCREEN_TERM_DEMO_H
#define TESTS_SCREEN_TERM_DEMO_H

/* Keys: q quit, c crash, a abort, s suspend, r run a child, C copy, f fill, j/k move a bar; every
 * event is told on the screen. Options: mouse, plain, script FILE. */
int term_demo(int argc, char **argv);

#endif
