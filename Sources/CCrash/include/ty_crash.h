/*
 * ty_crash.h: which plugin was being called when the process crashed.
 *
 * A host tells where each instance keeps the number of its running call; a signal
 * handler reads those numbers and writes a note. Nothing is done per call.
 */
#ifndef TY_CRASH_H
#define TY_CRASH_H

#include <stdint.h>

/* Installs handlers for the signals of a crash (SEGV, BUS, FPE, ILL, ABRT, TRAP, SYS). After
 * the note the handler of before gets the signal. Calling it again does nothing.
 * `loader_call`: the one call that may run on a thread other than its instance's. */
void ty_crash_install(uint8_t idle_call, uint8_t loader_call);

/* An instance that the calling thread makes calls on: where its running call's number
 * stands, and what messages call it (copied, cut at 200 bytes). Returns a number for
 * ty_crash_forget, or -1 when there are too many. */
int ty_crash_watch(const volatile uint8_t *call, const char *party);
void ty_crash_forget(int number);

/* Where the note about a crash of the calling thread goes, from now on; NULL: nowhere.
 * Gives the thread a stack of its own for signals, so that one that has run out of stack
 * can still tell. Returns 0, or -1 when there are too many threads or the path is too long. */
int ty_crash_note_to(const char *path);

#endif
