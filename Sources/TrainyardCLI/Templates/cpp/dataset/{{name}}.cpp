// {{id}}: a dataset of Trainyard. `make` builds it, `make test` proves that it keeps the contract.
//
// As it stands it makes up points in a square and labels those above its diagonal. Replace where rows come from; keep what
// the host builds on: a row is read by its number and depends on nothing but number, options, seed and epoch, so that
// the host owns shuffling, splits, folds and resume.
#include <vector>

#include "trainyard.hpp"

namespace {

constexpr std::int64_t point_shape[] = {2};
constexpr const char *label_names[] = {"below", "above"};

class {{Type}} {
 public:
  explicit {{Type}}(trainyard::Host host) : rows_(host.integer("rows")), fields_(2) {
    fields_[0].struct_size = sizeof(ty_field);
    fields_[0].role = TY_ROLE_FEATURE;
    fields_[0].name = "point";
    fields_[0].dtype = {TY_DTYPE_FLOAT, 32, 1};
    fields_[0].ndim = 1;
    fields_[0].shape = point_shape;
    fields_[1].struct_size = sizeof(ty_field);
    fields_[1].role = TY_ROLE_TARGET;
    fields_[1].name = "label";
    fields_[1].dtype = {TY_DTYPE_INT, 32, 1};
    fields_[1].category_count = 2;
    fields_[1].categories = label_names;
  }

  // Nothing that a run can change.
  void reset() {}

  std::int64_t row_count() const { return rows_; }
  const std::vector<ty_field> &fields() const { return fields_; }

  // Fills the fields that are wanted, a tensor for each, in the order of request.rows. May run on a loader thread.
  void read(const ty_read &request, ty_tensor *const *wanted) const {
    for (std::int64_t i = 0; i < request.row_count; i++) {
      const std::int64_t row = request.rows[i];
      if (row < 0 || row >= rows_) throw trainyard::Failure("a row that is not there was asked for");
      const float x = coordinate(row, 0), y = coordinate(row, 1);
      if (wanted[0] != nullptr) {
        float *point = trainyard::elements<float>(*wanted[0]) + 2 * i;
        point[0] = x;
        point[1] = y;
      }
      if (wanted[1] != nullptr)
        trainyard::elements<std::int32_t>(*wanted[1])[i] = y > x;
    }
  }

  // bool whole(std::uint64_t field, ty_tensor &) is left out: with all rows in memory it would spare the host the
  // reading.

 private:
  // splitmix64: any row's numbers without those before it; in [-1, 1).
  static float coordinate(std::int64_t row, int axis) {
    auto z = static_cast<std::uint64_t>(row) * 2 + static_cast<std::uint64_t>(axis);
    z += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return static_cast<float>(static_cast<double>(z >> 11) / 4503599627370496.0 - 1);
  }

  std::int64_t rows_;
  std::vector<ty_field> fields_;
};

const trainyard::Option options[] = {
    {TY_OPTION_INT, "rows", "Number of rows.", "1000", "[1, 1000000000]", "rows"},
};

const auto component = trainyard::dataset<{{Type}}>(
    "{{id}}", "0.1.0", "Points in a square, labelled by their side of the diagonal.", options);

}  // namespace

TRAINYARD_MODULE(nullptr, component)
