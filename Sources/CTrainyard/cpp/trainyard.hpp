/*
 * trainyard.hpp: plugins in C++17, as classes.
 *
 * A thin layer over trainyard.h, which stays the contract: read that first. What this adds:
 *
 *  - the constructor is create(), the destructor destroy(); nothing is ever half made;
 *  - an exception becomes the words of a failed call at the border: nothing unwinds into the host;
 *  - a hook that a class does not have is NULL in its table, found at compile time;
 *  - reset() has no default: a class without one does not compile.
 *
 *     struct Patience {
 *       explicit Patience(trainyard::Host host);          // options, metrics
 *       void reset() { progress = Progress{}; }           // required
 *       void on_epoch_end(const trainyard::Event &event); // any hook of ty_callback, by its name
 *       void save(trainyard::Sink sink) const;            // both or neither
 *       void load(trainyard::Source source);
 *     };
 *     static const trainyard::Option options[] = {...};
 *     static const auto component = trainyard::callback<Patience>("patience", "1.0.0", "Stops ...", options);
 *     TRAINYARD_MODULE("Apache-2.0", component)
 */
#ifndef TRAINYARD_HPP
#define TRAINYARD_HPP

#if !defined(__cplusplus) || __cplusplus < 201703L
#error "trainyard.hpp needs C++17 or later"
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "trainyard.h"

namespace trainyard {

/* ---- Errors ------------------------------------------------------------------------------ */

/* Any std::exception that leaves a plugin's function fails the call with its what(). */
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/* The instance cannot do that at all: TY_UNSUPPORTED. */
struct Unsupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class Body>
ty_status guarded(const ty_host *host, Body &&body) noexcept {
  try {
    body();
    return TY_OK;
  } catch (const Unsupported &error) {
    host->fail(host, error.what());
    return TY_UNSUPPORTED;
  } catch (const std::bad_alloc &) {
    host->fail(host, "out of memory");
  } catch (const std::exception &error) {
    host->fail(host, error.what());
  } catch (...) {
    host->fail(host, "an exception that is no std::exception left the plugin");
  }
  return TY_FAILED;
}

/* ---- Options ------------------------------------------------------------------------------ */

/* A row of what the user may set, for a static array. Strings must be literals. */
struct Option : ty_option {
  Option(std::uint32_t type, const char *key, const char *doc, const char *default_text = nullptr,
         const char *range = nullptr, const char *unit = nullptr, std::uint32_t flags = 0)
      : ty_option{} {
    struct_size = sizeof(ty_option);
    this->type = type;
    this->flags = flags;
    this->key = key;
    this->doc = doc;
    this->default_text = default_text;
    this->range = range;
    this->unit = unit;
  }

  template <std::size_t N>
  static Option choice(const char *key, const char *doc, const char *const (&choices)[N],
                       const char *default_text = nullptr) {
    Option option(TY_OPTION_CHOICE, key, doc, default_text);
    option.choices = choices;
    option.choice_count = N;
    return option;
  }
};

/* ---- The host ------------------------------------------------------------------------------ */

/* The host as one instance sees it. A pointer, and free to copy. */
class Host {
 public:
  explicit Host(const ty_host *host) : host_(host) {}
  const ty_host *get() const { return host_; }

  /* The user's values, in the constructor only. */
  bool flag(const char *key) const { return host_->option_bool(host_, key, 0) != 0; }
  std::int64_t integer(const char *key, std::uint64_t index = 0) const {
    return host_->option_int(host_, key, index);
  }
  double number(const char *key, std::uint64_t index = 0) const {
    return host_->option_float(host_, key, index);
  }
  std::string text(const char *key, std::uint64_t index = 0) const {
    const char *text = host_->option_text(host_, key, index);
    return text == nullptr ? std::string() : std::string(text);
  }
  /* Values that the option has: 0 where the user gave none and there is no default. */
  std::uint64_t count(const char *key) const { return host_->option_count(host_, key); }

  /* Metrics, in the constructor, on_train_begin and prepare. */
  std::uint32_t want(const std::string &name, bool optional = false) const {
    return host_->metric_want(host_, name.c_str(), optional ? TY_WANT_OPTIONAL : TY_WANT_REQUIRED);
  }
  std::uint32_t declare(const std::string &name, std::uint32_t direction = TY_DIRECTION_NONE,
                        std::uint32_t phase = TY_PHASE_EPOCH) const {
    return host_->metric_declare(host_, name.c_str(), direction, phase);
  }
  /* TY_DIRECTION_... in this run: ask in each one. */
  std::uint32_t direction(std::uint32_t metric) const {
    return host_->metric_direction(host_, metric);
  }

  /* Effects: carried out when the call that asks for them returns without an exception. */
  void publish(std::uint32_t metric, double value) const { host_->publish(host_, metric, value); }
  void stop(const std::string &reason) const { host_->stop(host_, reason.c_str()); }
  void status(const std::string &text) const { host_->status(host_, text.c_str()); }
  void log(const std::string &text, std::uint32_t level = TY_LOG_INFO) const {
    host_->log(host_, level, text.c_str());
  }

  /* A table of further functions, NULL where this host has none: service<ty_weights_service>(TY_SERVICE_WEIGHTS). */
  template <class Table>
  const Table *service(const char *id) const {
    return static_cast<const Table *>(host_->service(host_, id));
  }

  /* A hyper-parameter of the model, in hooks; none where the model has none of that name. */
  std::optional<double> parameter(const char *name) const {
    const auto *table = service<ty_optimizer_service>(TY_SERVICE_OPTIMIZER);
    double value = 0;
    if (table == nullptr || table->get(host_, name, &value) != TY_OK) return std::nullopt;
    return value;
  }
  /* An effect. */
  void set_parameter(const char *name, double value) const {
    const auto *table = service<ty_optimizer_service>(TY_SERVICE_OPTIMIZER);
    if (table == nullptr) throw Failure("this host cannot set hyper-parameters");
    table->set(host_, name, value);
  }

 private:
  const ty_host *host_;
};

/* What a hook is given; must not be kept. */
class Event {
 public:
  explicit Event(const ty_event *event) : event_(event) {}
  const ty_event *get() const { return event_; }
  const ty_event *operator->() const { return event_; }
  /* None where this event does not carry the metric; NaN is a value. */
  std::optional<double> value(std::uint32_t metric) const {
    if (!ty_event_has(event_, metric)) return std::nullopt;
    return event_->values[metric];
  }

 private:
  const ty_event *event_;
};

/* ---- State for checkpoints ------------------------------------------------------------------ */

class Sink {
 public:
  explicit Sink(const ty_sink *sink) : sink_(sink) {}
  void put(const char *key, std::int64_t value) const { sink_->put_int(sink_, key, value); }
  void put(const char *key, double value) const { sink_->put_float(sink_, key, value); }
  void put(const char *key, const std::string &text) const {
    sink_->put_bytes(sink_, key, text.data(), text.size());
  }
  void put(const char *key, const ty_tensor &tensor) const {
    sink_->put_tensor(sink_, key, &tensor);
  }

 private:
  const ty_sink *sink_;
};

/* A key that is missing leaves the value as it is; one of another type is a Failure. */
class Source {
 public:
  explicit Source(const ty_source *source) : source_(source) {}
  bool get(const char *key, std::int64_t &value) const {
    return found(source_->get_int(source_, key, &value), key);
  }
  bool get(const char *key, double &value) const {
    return found(source_->get_float(source_, key, &value), key);
  }
  bool get(const char *key, std::string &text) const {
    const void *bytes = nullptr;
    std::uint64_t size = 0;
    if (!found(source_->get_bytes(source_, key, &bytes, &size), key)) return false;
    text.assign(static_cast<const char *>(bytes), size);
    return true;
  }
  /* Valid until load() returns. */
  bool get(const char *key, ty_tensor &tensor) const {
    return found(source_->get_tensor(source_, key, &tensor), key);
  }

 private:
  static bool found(std::int32_t answer, const char *key) {
    if (answer < 0)
      throw Failure(std::string("the saved state is damaged: '") + key + "' is of another type");
    return answer > 0;
  }
  const ty_source *source_;
};

/* ---- Tensors --------------------------------------------------------------------------------- */

/* The elements of a contiguous tensor; NULL for a missing one. */
template <class T>
T *elements(const ty_tensor &tensor) {
  if (tensor.data == nullptr) return nullptr;
  return reinterpret_cast<T *>(static_cast<char *>(tensor.data) + tensor.byte_offset);
}

/* f32 with its shape and strides: owned memory that a plugin shows to the host. Not copied or moved while a view is
 * about, and every size must be 0 or more. */
class FloatTensor {
 public:
  FloatTensor() = default;
  explicit FloatTensor(std::vector<std::int64_t> shape) : shape_(std::move(shape)) {
    strides_.resize(shape_.size());
    std::int64_t count = 1;
    for (std::size_t i = shape_.size(); i-- > 0;) {
      strides_[i] = count;
      if (shape_[i] < 0 || (count > 0 && shape_[i] > (std::int64_t{1} << 40) / count))
        throw Failure("a tensor of an impossible size");
      count *= shape_[i];
    }
    values_.assign(static_cast<std::size_t>(count), 0.0f);
  }
  std::size_t size() const { return values_.size(); }
  float *data() { return values_.data(); }
  const float *data() const { return values_.data(); }
  float &operator[](std::size_t index) { return values_[index]; }
  float operator[](std::size_t index) const { return values_[index]; }

  ty_tensor view() const {
    ty_tensor tensor{};
    tensor.data = const_cast<float *>(values_.data());
    tensor.device.type = TY_DEVICE_CPU;
    tensor.ndim = static_cast<std::int32_t>(shape_.size());
    tensor.dtype.code = TY_DTYPE_FLOAT;
    tensor.dtype.bits = 32;
    tensor.dtype.lanes = 1;
    tensor.shape = const_cast<std::int64_t *>(shape_.data());
    tensor.strides = const_cast<std::int64_t *>(strides_.data());
    return tensor;
  }

  /* Copies a tensor that must have this one's type and shape. */
  void copy(const ty_tensor &from, const std::string &name) {
    bool fits = from.ndim == static_cast<std::int32_t>(shape_.size()) &&
                from.dtype.code == TY_DTYPE_FLOAT && from.dtype.bits == 32;
    for (std::size_t i = 0; fits && i < shape_.size(); i++) fits = from.shape[i] == shape_[i];
    if (!fits) throw Failure("'" + name + "' has another shape or type than this model's");
    if (!values_.empty()) std::memcpy(values_.data(), elements<float>(from), values_.size() * sizeof(float));
  }

 private:
  std::vector<std::int64_t> shape_, strides_;
  std::vector<float> values_;
};

/* ---- The border ------------------------------------------------------------------------------- */

namespace border {

template <class T>
struct Box {
  const ty_host *host;
  T self;
  Box(const ty_host *pointer) : host(pointer), self(Host(pointer)) {}
};

template <class T>
Box<T> &box(void *pointer) {
  return *static_cast<Box<T> *>(pointer);
}

template <class T>
ty_status create(const ty_component *, const ty_host *host, void **result) noexcept {
  static_assert(std::is_constructible_v<T, Host>, "a component is made with T(trainyard::Host)");
  return guarded(host, [&] { *result = new Box<T>(host); });
}

template <class T>
void destroy(void *pointer) noexcept {
  delete static_cast<Box<T> *>(pointer);
}

template <class T>
ty_status reset(void *pointer) noexcept {
  return guarded(box<T>(pointer).host, [&] { box<T>(pointer).self.reset(); });
}

template <class T, class = void>
struct HasReset : std::false_type {};
template <class T>
struct HasReset<T, std::void_t<decltype(std::declval<T &>().reset())>> : std::true_type {};

template <class T, class = void>
struct HasState : std::false_type {};
template <class T>
struct HasState<T, std::void_t<decltype(std::declval<const T &>().save(std::declval<Sink>())),
                               decltype(std::declval<T &>().load(std::declval<Source>()))>>
    : std::true_type {};

template <class T>
ty_status save(void *pointer, const ty_sink *sink) noexcept {
  const Box<T> &box = border::box<T>(pointer);
  return guarded(box.host, [&] { box.self.save(Sink(sink)); });
}

template <class T>
ty_status load(void *pointer, const ty_source *source) noexcept {
  return guarded(box<T>(pointer).host, [&] { box<T>(pointer).self.load(Source(source)); });
}

template <class T, class Table>
void fill_life(Table &table) {
  table.struct_size = sizeof(Table);
  table.create = create<T>;
  table.destroy = destroy<T>;
  if constexpr (HasState<T>::value) {
    table.state_save = save<T>;
    table.state_load = load<T>;
  }
}

/* For each hook: whether T has it, and the function that calls it. */
#define TRAINYARD_HOOK(name)                                                                      \
  template <class T, class = void>                                                                \
  struct Has_##name : std::false_type {};                                                         \
  template <class T>                                                                              \
  struct Has_##name<T, std::void_t<decltype(std::declval<T &>().name(std::declval<const Event &>()))>> \
      : std::true_type {};                                                                        \
  template <class T>                                                                              \
  ty_status call_##name(void *pointer, const ty_event *event) noexcept {                          \
    return guarded(box<T>(pointer).host, [&] { box<T>(pointer).self.name(Event(event)); });       \
  }

TRAINYARD_HOOK(on_train_begin)
TRAINYARD_HOOK(on_train_end)
TRAINYARD_HOOK(on_epoch_begin)
TRAINYARD_HOOK(on_epoch_end)
TRAINYARD_HOOK(on_batch_begin)
TRAINYARD_HOOK(on_batch_end)
TRAINYARD_HOOK(on_optimizer_step)
TRAINYARD_HOOK(on_validation_begin)
TRAINYARD_HOOK(on_validation_end)
TRAINYARD_HOOK(on_validation_batch_begin)
TRAINYARD_HOOK(on_validation_batch_end)
TRAINYARD_HOOK(on_exception)
#undef TRAINYARD_HOOK

template <class T, class = void>
struct HasMerge : std::false_type {};
template <class T>
struct HasMerge<T, std::void_t<decltype(std::declval<T &>().merge(std::declval<const T &>()))>>
    : std::true_type {};

template <class T, class = void>
struct HasWhole : std::false_type {};
template <class T>
struct HasWhole<T, std::void_t<decltype(std::declval<T &>().whole(std::uint64_t{}))>>
    : std::true_type {};

template <class T, class = void>
struct HasParameters : std::false_type {};
template <class T>
struct HasParameters<T, std::void_t<decltype(std::declval<T &>().parameter_names())>>
    : std::true_type {};

}  // namespace border

/* ---- Components --------------------------------------------------------------------------------- */

/* A component with its table and its rows, for a static constant that is never moved. */
template <class Table, std::size_t Options>
class Component {
 public:
  Component(std::uint32_t kind, const char *id, const char *version, const char *summary,
            const Table &table, const Option *options)
      : table_(table) {
    for (std::size_t i = 0; i < Options; i++) rows_[i] = options + i;
    component_.struct_size = sizeof(ty_component);
    component_.kind = kind;
    component_.id = id;
    component_.version = version;
    component_.summary = summary;
    component_.table = &table_;
    component_.option_count = Options;
    component_.options = Options == 0 ? nullptr : rows_;
  }
  Component(const Component &) = delete;
  Component &operator=(const Component &) = delete;
  const ty_component *get() const { return &component_; }

 private:
  Table table_;
  const ty_option *rows_[Options == 0 ? 1 : Options] = {};
  ty_component component_{};
};

/* A class with the hooks that it needs, see ty_callback. */
template <class T>
ty_callback callback_table() {
  static_assert(border::HasReset<T>::value,
                "a callback needs `void reset()`: one instance serves many runs");
  ty_callback table{};
  border::fill_life<T>(table);
  table.reset = border::reset<T>;
#define TRAINYARD_SLOT(name) \
  if constexpr (border::Has_##name<T>::value) table.name = border::call_##name<T>;
  TRAINYARD_SLOT(on_train_begin)
  TRAINYARD_SLOT(on_train_end)
  TRAINYARD_SLOT(on_epoch_begin)
  TRAINYARD_SLOT(on_epoch_end)
  TRAINYARD_SLOT(on_batch_begin)
  TRAINYARD_SLOT(on_batch_end)
  TRAINYARD_SLOT(on_optimizer_step)
  TRAINYARD_SLOT(on_validation_begin)
  TRAINYARD_SLOT(on_validation_end)
  TRAINYARD_SLOT(on_validation_batch_begin)
  TRAINYARD_SLOT(on_validation_batch_end)
  TRAINYARD_SLOT(on_exception)
#undef TRAINYARD_SLOT
  return table;
}

/* void reset(); void prepare(const ty_task &); void pass_begin(std::uint32_t pass);
 * void update(const ty_batch &, const ty_tensor &prediction); void compute();
 * void merge(const T &other) is optional. */
template <class T>
ty_monitor monitor_table() {
  static_assert(border::HasReset<T>::value,
                "a monitor needs `void reset()`: one instance serves many runs");
  using border::box;
  ty_monitor table{};
  border::fill_life<T>(table);
  table.reset = border::reset<T>;
  table.prepare = [](void *pointer, const ty_task *task) noexcept -> ty_status {
    return guarded(box<T>(pointer).host, [&] { box<T>(pointer).self.prepare(*task); });
  };
  table.pass_begin = [](void *pointer, std::uint32_t pass) noexcept -> ty_status {
    return guarded(box<T>(pointer).host, [&] { box<T>(pointer).self.pass_begin(pass); });
  };
  table.update = [](void *pointer, const ty_batch *batch,
                    const ty_tensor *prediction) noexcept -> ty_status {
    return guarded(box<T>(pointer).host, [&] { box<T>(pointer).self.update(*batch, *prediction); });
  };
  table.compute = [](void *pointer) noexcept -> ty_status {
    return guarded(box<T>(pointer).host, [&] { box<T>(pointer).self.compute(); });
  };
  if constexpr (border::HasMerge<T>::value) {
    table.merge = [](void *pointer, void *other) noexcept -> ty_status {
      return guarded(box<T>(pointer).host,
                     [&] { box<T>(pointer).self.merge(box<T>(other).self); });
    };
  }
  return table;
}

/* void reset(std::uint64_t seed, const ty_task &); void describe(ty_model_facts &) const;
 * void train_step(const ty_batch &, ty_step &); void evaluate(const ty_batch &, ty_step &);
 * std::size_t weight_count(); void weight(std::size_t, ty_weight &); void assign(const ty_weight &);
 * optional: std::vector<std::string> &parameter_names(); double *parameter(const std::string &);
 * void set_parameter(const std::string &, double). */
template <class T>
ty_model model_table() {
  using border::box;
  ty_model table{};
  border::fill_life<T>(table);
  table.reset = [](void *pointer, std::uint64_t seed, const ty_task *task) noexcept -> ty_status {
    return guarded(box<T>(pointer).host, [&] { box<T>(pointer).self.reset(seed, *task); });
  };
  table.describe = [](void *pointer, ty_model_facts *facts) noexcept -> ty_status {
    return guarded(box<T>(pointer).host, [&] { box<T>(pointer).self.describe(*facts); });
  };
  table.train_step = [](void *pointer, const ty_batch *batch, ty_step *step) noexcept -> ty_status {
    return guarded(box<T>(pointer).host, [&] { box<T>(pointer).self.train_step(*batch, *step); });
  };
  table.evaluate = [](void *pointer, const ty_batch *batch, ty_step *step) noexcept -> ty_status {
    return guarded(box<T>(pointer).host, [&] { box<T>(pointer).self.evaluate(*batch, *step); });
  };
  table.weight_count = [](void *pointer) noexcept -> std::uint64_t {
    return box<T>(pointer).self.weight_count();
  };
  table.weight = [](void *pointer, std::uint64_t index, ty_weight *weight) noexcept -> ty_status {
    return guarded(box<T>(pointer).host, [&] {
      if (index >= box<T>(pointer).self.weight_count()) throw Failure("no weight of that index");
      box<T>(pointer).self.weight(static_cast<std::size_t>(index), *weight);
    });
  };
  table.assign = [](void *pointer, const ty_weight *const *weights,
                    std::uint64_t count) noexcept -> ty_status {
    return guarded(box<T>(pointer).host, [&] {
      for (std::uint64_t i = 0; i < count; i++) box<T>(pointer).self.assign(*weights[i]);
    });
  };
  if constexpr (border::HasParameters<T>::value) {
    table.parameter_name = [](void *pointer, std::uint64_t index) noexcept -> const char * {
      const auto &names = box<T>(pointer).self.parameter_names();
      return index < names.size() ? names[static_cast<std::size_t>(index)].c_str() : nullptr;
    };
    table.parameter_get = [](void *pointer, const char *name, double *value) noexcept -> ty_status {
      return guarded(box<T>(pointer).host, [&] {
        const double *found = box<T>(pointer).self.parameter(name);
        if (found == nullptr) throw Unsupported("no such hyper-parameter");
        *value = *found;
      });
    };
    table.parameter_set = [](void *pointer, const char *name, double value) noexcept -> ty_status {
      return guarded(box<T>(pointer).host, [&] {
        if (box<T>(pointer).self.parameter(name) == nullptr)
          throw Unsupported("no such hyper-parameter");
        box<T>(pointer).self.set_parameter(name, value);
      });
    };
  }
  return table;
}

/* void reset(); std::int64_t row_count(); std::vector<ty_field> &fields();
 * void read(const ty_read &, ty_tensor *const *fields); optional: bool whole(std::uint64_t field, ty_tensor &). */
template <class T>
ty_dataset dataset_table() {
  static_assert(border::HasReset<T>::value,
                "a dataset needs `void reset()`: one instance serves many runs");
  using border::box;
  ty_dataset table{};
  border::fill_life<T>(table);
  table.reset = border::reset<T>;
  table.row_count = [](void *pointer) noexcept -> std::int64_t {
    return box<T>(pointer).self.row_count();
  };
  table.field_count = [](void *pointer) noexcept -> std::uint64_t {
    return box<T>(pointer).self.fields().size();
  };
  table.field = [](void *pointer, std::uint64_t index) noexcept -> const ty_field * {
    const auto &fields = box<T>(pointer).self.fields();
    return index < fields.size() ? &fields[static_cast<std::size_t>(index)] : nullptr;
  };
  table.read = [](void *pointer, const ty_read *request,
                  ty_tensor *const *fields) noexcept -> ty_status {
    return guarded(box<T>(pointer).host, [&] { box<T>(pointer).self.read(*request, fields); });
  };
  if constexpr (border::HasWhole<T>::value) {
    table.whole = [](void *pointer, std::uint64_t field, ty_tensor *tensor) noexcept -> ty_status {
      return guarded(box<T>(pointer).host, [&] {
        if (!box<T>(pointer).self.whole(field, *tensor)) throw Unsupported("no view of this field");
      });
    };
  }
  return table;
}

#define TRAINYARD_KIND(name, KIND)                                                                 \
  template <class T, std::size_t N>                                                                \
  Component<ty_##name, N> name(const char *id, const char *version, const char *summary,           \
                               const Option (&options)[N]) {                                       \
    return {KIND, id, version, summary, name##_table<T>(), options};                               \
  }                                                                                                \
  template <class T>                                                                               \
  Component<ty_##name, 0> name(const char *id, const char *version, const char *summary) {         \
    return {KIND, id, version, summary, name##_table<T>(), nullptr};                               \
  }

TRAINYARD_KIND(callback, TY_KIND_CALLBACK)
TRAINYARD_KIND(model, TY_KIND_MODEL)
TRAINYARD_KIND(monitor, TY_KIND_MONITOR)
TRAINYARD_KIND(dataset, TY_KIND_DATASET)
#undef TRAINYARD_KIND

/* What the entry of a library answers. */
template <class... Components>
const ty_module *module_of(const ty_entry_args *args, const char *license,
                           const Components &...components) noexcept {
  static const ty_component *const list[] = {components.get()...};
  static const ty_module module = {sizeof(ty_module), TY_ABI_MAJOR, TY_ABI_MINOR, 0,
                                   sizeof...(components), list, license, nullptr};
  if (args->abi_major != TY_ABI_MAJOR || (TY_ABI_MAJOR == 0 && args->abi_minor != TY_ABI_MINOR)) {
    args->refuse(args->context, "built for another version of trainyard.h; build it again");
    return nullptr;
  }
  return &module;
}

}  // namespace trainyard

/* The one exported symbol, once in a library: TRAINYARD_MODULE("Apache-2.0", component, another) */
#define TRAINYARD_MODULE(license, ...)                                                \
  extern "C" TY_EXPORT const ty_module *trainyard_plugin(const ty_entry_args *args) { \
    return trainyard::module_of(args, license, __VA_ARGS__);                          \
  }

#endif /* TRAINYARD_HPP */
