// Calls everything of CLinux at its bounds, over sockets of this machine; ends with 0 when all is as its header says.
#include "CLinux.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SLOT = 32, MOST = MONITORD_MOST_DATAGRAMS };

static void expect(int condition, const char *what) {
  if (condition) return;
  fprintf(stderr, "linux-calls: %s\n", what);
  exit(1);
}

// A socket of a family that is bound to this machine, and one that sends to it.
static int bound(int family, int *sender) {
  struct sockaddr_storage address = {0};
  socklen_t size = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
  address.ss_family = (sa_family_t)family;
  if (family == AF_INET) ((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  else ((struct sockaddr_in6 *)&address)->sin6_addr = in6addr_loopback;
  int receiver = socket(family, SOCK_DGRAM, 0);
  if (receiver < 0 || bind(receiver, (struct sockaddr *)&address, size) < 0) return -1;
  getsockname(receiver, (struct sockaddr *)&address, &size);
  *sender = socket(family, SOCK_DGRAM, 0);
  expect(connect(*sender, (struct sockaddr *)&address, size) == 0, "cannot connect");
  return receiver;
}

static void receive(int family, const unsigned char *address) {
  int sender, receiver = bound(family, &sender);
  // A machine without IPv6.
  if (receiver < 0) return;
  // Exactly as much as is used: a byte more is the address sanitizer's.
  unsigned char *buffer = malloc(MOST * SLOT), *senders = malloc(MOST * 16);
  int *lengths = malloc(MOST * sizeof *lengths);
  expect(buffer && senders && lengths, "no memory");
  unsigned char bytes[2 * SLOT];
  for (int index = 0; index < 2 * SLOT; index++) bytes[index] = (unsigned char)index;
  expect(monitord_receive_datagrams(receiver, buffer, SLOT, MOST, lengths, senders) == -1 && errno == EAGAIN, "something is there");
  for (int index = 0; index < MOST + 3; index++) expect(send(sender, bytes, (size_t)(index % (2 * SLOT)), 0) >= 0, "cannot send");
  expect(monitord_receive_datagrams(receiver, buffer, SLOT, MOST, lengths, senders) == MOST, "not as many as there may be");
  for (int index = 0; index < MOST; index++) {
    int sent = index % (2 * SLOT);
    expect(lengths[index] == (sent > SLOT ? -1 - SLOT : sent), "another length");
    expect(!memcmp(buffer + index * SLOT, bytes, (size_t)(sent > SLOT ? SLOT : sent)), "other bytes");
    expect(!memcmp(senders + index * 16, address, 16), "another sender");
  }
  expect(monitord_receive_datagrams(receiver, buffer, SLOT, MOST, lengths, senders) == 3, "not the rest");
  expect(monitord_receive_datagrams(receiver, buffer, SLOT, 0, lengths, senders) == -1 && errno == EINVAL, "none is taken");
  expect(monitord_receive_datagrams(receiver, buffer, SLOT, MOST + 1, lengths, senders) == -1 && errno == EINVAL, "too many are taken");
  expect(monitord_receive_datagrams(receiver, buffer, 0, 1, lengths, senders) == -1 && errno == EINVAL, "a slot of nothing is taken");
  unsigned int dropped = 1;
  expect(monitord_dropped_datagrams(receiver, &dropped) == 0 && dropped == 0, "something was dropped");
  // Nobody reads: the buffer fills up.
  int small = 1;
  setsockopt(receiver, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  for (int index = 0; index < 1000; index++) expect(send(sender, bytes, sizeof bytes, 0) >= 0, "cannot send");
  expect(monitord_dropped_datagrams(receiver, &dropped) == 0 && dropped > 0, "nothing was dropped");
  free(buffer), free(senders), free(lengths), close(sender), close(receiver);
}

int main(void) {
  const unsigned char four[16] = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}, six[16] = {[15] = 1};
  receive(AF_INET, four);
  receive(AF_INET6, six);
  expect(monitord_receive_datagrams(-1, (unsigned char *)&(int){0}, 4, 1, &(int){0}, (unsigned char[16]){0}) == -1, "no descriptor");
  unsigned int dropped;
  expect(monitord_dropped_datagrams(-1, &dropped) == -1 && errno == EBADF, "no descriptor has dropped");
  int counter = monitord_event_counter(2);
  unsigned long long event;
  expect(read(counter, &event, 8) == 8 && event == 1 && read(counter, &event, 8) == 8, "two events are not two");
  expect(read(counter, &event, 8) == -1 && errno == EAGAIN, "a third event");
  close(counter);
  puts("linux calls: as their header says");
  return 0;
}
