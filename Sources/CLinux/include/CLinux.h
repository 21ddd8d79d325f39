// Calls that Swift cannot import from Glibc.
#ifndef MONITORD_CLINUX_H
#define MONITORD_CLINUX_H
#endif
