#define _GNU_SOURCE
#include "ty_process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* The kernel's numbers; older headers lack some. */
#define TY_MFD_CLOEXEC 0x1U
#define TY_MFD_ALLOW_SEALING 0x2U
#define TY_F_ADD_SEALS 1033
#define TY_F_SEAL_SHRINK 0x2
#define TY_F_SEAL_GROW 0x4
#define TY_F_SEAL_FUTURE_WRITE 0x10

int32_t ty_memory_make(uint64_t size) {
  int descriptor = (int)syscall(SYS_memfd_create, "trainyard", TY_MFD_CLOEXEC | TY_MFD_ALLOW_SEALING);
  if (descriptor < 0) {
    return -errno;
  }
  /* Neither side can take pages away from under the other. */
  if (ftruncate(descriptor, (off_t)size) != 0 ||
      fcntl(descriptor, TY_F_ADD_SEALS, TY_F_SEAL_SHRINK | TY_F_SEAL_GROW) != 0) {
    int error = errno;
    close(descriptor);
    return -error;
  }
  return descriptor;
}

int32_t ty_memory_seal_writing(int descriptor) {
  return fcntl(descriptor, TY_F_ADD_SEALS, TY_F_SEAL_FUTURE_WRITE) == 0 ? 0 : -errno;
}

int32_t ty_socket_pair(int *first, int *second) {
  int both[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both) != 0) {
    return -errno;
  }
  *first = both[0];
  *second = both[1];
  return 0;
}

typedef union {
  char bytes[CMSG_SPACE(sizeof(int))];
  struct cmsghdr aligned;
} control_space;

int64_t ty_socket_send(int socket, const void *bytes, size_t count, int descriptor) {
  struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = count};
  struct msghdr message;
  control_space control;
  memset(&message, 0, sizeof message);
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    memset(&control, 0, sizeof control);
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  ssize_t sent;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : sent;
}

int64_t ty_socket_receive(int socket, void *bytes, size_t count, int *descriptor, int waits) {
  struct iovec part = {.iov_base = bytes, .iov_len = count};
  struct msghdr message;
  control_space control;
  memset(&message, 0, sizeof message);
  memset(&control, 0, sizeof control);
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  *descriptor = -1;
  ssize_t received;
  do {
    received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | (waits ? 0 : MSG_DONTWAIT));
  } while (received < 0 && errno == EINTR);
  if (received < 0) {
    return -errno;
  }
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    size_t found = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < found; i++) {
      int one;
      memcpy(&one, CMSG_DATA(header) + i * sizeof one, sizeof one);
      if (*descriptor < 0) {
        *descriptor = one;
      } else {
        close(one);
      }
    }
  }
  return received;
}
