#ifndef TRAINYARD_TORCH_RANDOM_STREAM_HPP
#define TRAINYARD_TORCH_RANDOM_STREAM_HPP

#include <ATen/ATen.h>

#include <mutex>

/* A model's own random numbers. Modules draw from the generator of the whole process: so that models that train side
 * by side, in threads of one process, each have a stream of their own, one holds the generator at a time, and where its
 * stream stands is kept while another one has it. */
namespace trainyard_torch {

class RandomStream {
 public:
  explicit RandomStream(at::Device device) : generator_(at::globalContext().defaultGenerator(device)) {}
  RandomStream(const RandomStream &) = delete;
  RandomStream &operator=(const RandomStream &) = delete;
  ~RandomStream() {
    const std::lock_guard<std::mutex> lock(mutex());
    if (holder() == this) holder() = nullptr;
  }

  /* As torch.manual_seed(seed). */
  void seed(std::uint64_t seed) {
    const Turn turn(*this);
    const std::lock_guard<std::mutex> lock(generator_.mutex());
    generator_.set_current_seed(seed);
  }

  /* The stream's position, bytes of the generator's own format. */
  at::Tensor state() {
    const Turn turn(*this);
    const std::lock_guard<std::mutex> lock(generator_.mutex());
    return generator_.get_state();
  }
  void set_state(const at::Tensor &state) {
    const Turn turn(*this);
    const std::lock_guard<std::mutex> lock(generator_.mutex());
    generator_.set_state(state);
  }

  /* While it lives, the process's generator is this stream, and no other model draws. */
  class Turn {
   public:
    explicit Turn(RandomStream &stream) : lock_(mutex()) {
      if (holder() == &stream) return;
      if (holder() != nullptr) holder()->kept_ = holder()->current();
      holder() = nullptr;
      if (stream.kept_.defined()) {
        const std::lock_guard<std::mutex> lock(stream.generator_.mutex());
        stream.generator_.set_state(stream.kept_);
      }
      holder() = &stream;
    }

   private:
    std::unique_lock<std::mutex> lock_;
  };

 private:
  at::Tensor current() {
    const std::lock_guard<std::mutex> lock(generator_.mutex());
    return generator_.get_state();
  }
  static std::mutex &mutex() {
    static std::mutex mutex;
    return mutex;
  }
  static RandomStream *&holder() {
    static RandomStream *holder = nullptr;
    return holder;
  }

  at::Generator generator_;
  at::Tensor kept_;
};

}  // namespace trainyard_torch

#endif
