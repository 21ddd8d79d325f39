// Calls that Swift cannot import from Glibc.
#ifndef MONITORD_CLINUX_H
#define MONITORD_CLINUX_H

/// An event counter (eventfd) that counts down by one for each read, does not block and is closed on exec. glibc keeps
/// its flags in an enum that the importer does not bring across.
/// Returns the descriptor, or -1 with errno set.
int monitord_event_counter(unsigned int initial);

#endif
