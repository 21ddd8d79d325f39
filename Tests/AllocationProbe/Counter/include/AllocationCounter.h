#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

/// Calls of malloc and its kin in this process since it began.
unsigned long allocation_count(void);

#endif
