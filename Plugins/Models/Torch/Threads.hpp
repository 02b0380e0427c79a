#ifndef TRAINYARD_TORCH_THREADS_HPP
#define TRAINYARD_TORCH_THREADS_HPP

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <cstdint>

/* The threads that a run grants, for torch's own loops and for the library of products that it may have been linked
 * with. Both count for the calling thread or the process, so that a run sets them when it begins. */
namespace trainyard_torch {

inline void use_threads(std::int32_t wanted) {
  const int count = wanted < 1 ? 1 : wanted;
  if (at::get_num_threads() != count) at::set_num_threads(count);
  // Debian's torch does its products by OpenBLAS, whose threads torch knows nothing of.
  if (void *library = dlopen("libopenblas.so.0", RTLD_LAZY | RTLD_NOLOAD)) {
    if (void *set = dlsym(library, "openblas_set_num_threads")) reinterpret_cast<void (*)(int)>(set)(count);
    dlclose(library);
  }
}

}  // namespace trainyard_torch

#endif
