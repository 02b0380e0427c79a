/* Between loans.c and faults.c. */
#ifndef LOANS_H
#define LOANS_H

#include "conformance.h"

enum { longest_name = 72, most_loans = 16384 };

typedef struct call {
  char name[longest_name];
  int64_t epoch, batch;
} call;

typedef struct loan {
  uintptr_t start; /* of the pages */
  size_t room;     /* of the pages, without the guard behind; 0: forgotten */
  size_t size;
  int32_t access;
  char name[longest_name];
  int32_t waits; /* for the call that comes next */
  call call;     /* the one that it was lent for; without a name: for the life of the instance */
} loan;

/* The loan whose pages, or the guard behind them, hold `address`; NULL: none. Safe in a signal
 * handler. */
const loan *cf_loan_at(uintptr_t address);
size_t cf_page_size(void);
/* NULL: none. */
const call *cf_running_call(void);

#endif
