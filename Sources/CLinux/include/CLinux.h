// Calls that Swift cannot import from Glibc.
#ifndef MONITORD_CLINUX_H
#define MONITORD_CLINUX_H

/// An event counter (eventfd) that counts down by one for each read, does not block and is closed on exec. glibc keeps
/// its flags in an enum that the importer does not bring across.
/// Returns the descriptor, or -1 with errno set.
int monitord_event_counter(unsigned int initial);

/// Most datagrams of one call of monitord_receive_datagrams.
#define MONITORD_MOST_DATAGRAMS 64

/// Receives the datagrams that are there (recvmmsg), without waiting. mmsghdr needs _GNU_SOURCE, which the importer does
/// not set.
/// buffer: [count][slot] bytes, a datagram to a slot; count at most MONITORD_MOST_DATAGRAMS.
/// lengths: [count]; the bytes received of each, negative (-1 - length) when it was longer than its slot and was cut.
/// senders: [count][16]; the address that each came from in network order, IPv4 as the IPv4-mapped one, zeros when unknown.
/// Returns the number of datagrams, or -1 with errno set (EAGAIN when none is there).
int monitord_receive_datagrams(
    int descriptor, unsigned char *buffer, int slot, int count, int *lengths, unsigned char *senders);

/// Datagrams that a socket has dropped because its buffer was full (SO_MEMINFO), for as long as it lives.
/// Returns 0, or -1 with errno set.
int monitord_dropped_datagrams(int descriptor, unsigned int *dropped);

/// The cores that the scheduler lets the process have (sched_getaffinity), at least 1. cpu_set_t needs _GNU_SOURCE.
int monitord_usable_cores(void);

#endif
