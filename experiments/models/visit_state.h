// SPDX-License-Identifier: MIT
//
// How classes put their state into a snapshot and take it back. A class with state has one function
// that lists it, for both directions:
//
//   template <typename Visitor>
//   void visit_state(Visitor& visit) {
//     visit("steps", steps_);          // numbers, texts, lists, optionals, classes like this
//     visit.tensor(name + ".m", m_);   // a matrix, by a name of its own
//   }
//
// A visitor is a SnapshotWriter or a SnapshotReader. What is listed has the same shape whenever the
// document is the same: a list that has elements keeps their number, a matrix its rows and columns.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "experiments/models/snapshot.h"
#include "experiments/networks/matrix.h"
#include "formats/error.h"
#include "formats/files/bytes.h"
#include "formats/json.h"

namespace halfulp::experiments {

// A number that comes back bit for bit: those that are not finite as their bits in hexadecimal.
Json exact_json(double x);
// Throws Error on anything else.
double exact_number(const Json& value);

namespace state {

template <typename T>
inline constexpr bool is_list = false;
template <typename T>
inline constexpr bool is_list<std::vector<T>> = true;
template <typename T>
inline constexpr bool is_optional = false;
template <typename T>
inline constexpr bool is_optional<std::optional<T>> = true;

}  // namespace state

class SnapshotWriter {
 public:
  template <typename T>
  void operator()(const char* name, T& x) {
    values_[name] = json_of(x);
  }
  template <typename Real>
  void tensor(const std::string& name, const Matrix<Real>& x) {
    SavedTensor saved{.name = name,
                      .carrier = carrier_of<Real>,
                      .rows = x.rows(),
                      .columns = x.cols(),
                      .data = tensors::Bytes(static_cast<std::size_t>(x.size()) * sizeof(Real))};
    using Bits = std::conditional_t<sizeof(Real) == 4, std::uint32_t, std::uint64_t>;
    Bits any = 0;
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      Bits bits = 0;
      std::memcpy(&bits, x.data() + i, sizeof bits);
      any |= bits;
      tensors::store_little(bits, saved.data.data() + static_cast<std::size_t>(i) * sizeof bits,
                            sizeof bits);
    }
    if (any != 0) tensors_.push_back(std::move(saved));
  }

  [[nodiscard]] Snapshot take() {
    return {.tensors = std::move(tensors_), .values = values_.dump()};
  }

 private:
  template <typename T>
  Json json_of(T& x) {
    if constexpr (std::is_floating_point_v<T>) {
      return exact_json(static_cast<double>(x));
    } else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string>) {
      return Json(x);
    } else if constexpr (std::is_integral_v<T>) {
      return Json(static_cast<std::uint64_t>(x));
    } else if constexpr (state::is_list<T>) {
      Json list = Json::array();
      for (auto& element : x) list.push_back(json_of(element));
      return list;
    } else if constexpr (state::is_optional<T>) {
      return x ? Json::array({json_of(*x)}) : Json::array();
    } else {
      // Its tensors are the whole's, its values an object of their own.
      Json outer = std::exchange(values_, Json::object());
      x.visit_state(*this);
      return std::exchange(values_, std::move(outer));
    }
  }

  std::vector<SavedTensor> tensors_;
  Json values_ = Json::object();
};

// Every function throws Error where the snapshot is not of this shape.
class SnapshotReader {
 public:
  // The snapshot outlives it.
  explicit SnapshotReader(const Snapshot& snapshot);
  SnapshotReader(const SnapshotReader&) = delete;
  SnapshotReader& operator=(const SnapshotReader&) = delete;

  template <typename T>
  void operator()(const char* name, T& x) {
    read(member(name), x);
  }
  // One that is not there is +0 throughout.
  template <typename Real>
  void tensor(const std::string& name, Matrix<Real>& x) {
    const SavedTensor* saved = find(name, carrier_of<Real>, x.rows(), x.cols());
    if (saved == nullptr) {
      x.setZero();
      return;
    }
    using Bits = std::conditional_t<sizeof(Real) == 4, std::uint32_t, std::uint64_t>;
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      const auto bits = static_cast<Bits>(tensors::load_little(
          saved->data.data() + static_cast<std::size_t>(i) * sizeof(Real), sizeof(Real)));
      std::memcpy(x.data() + i, &bits, sizeof bits);
    }
  }
  // After everything: was all of it taken?
  void finish() const;

 private:
  [[nodiscard]] const Json& member(const char* name);
  [[nodiscard]] const SavedTensor* find(const std::string& name, Carrier carrier, std::int64_t rows,
                                        std::int64_t columns);
  static std::uint64_t natural(const Json& value);
  static const Json& list(const Json& value);
  void require_all_taken() const;

  template <typename T>
  void read(const Json& value, T& x) {
    if constexpr (std::is_floating_point_v<T>) {
      x = static_cast<T>(exact_number(value));
    } else if constexpr (std::is_same_v<T, bool>) {
      if (!value.is_boolean()) throw Error("no truth value");
      x = value.get<bool>();
    } else if constexpr (std::is_integral_v<T>) {
      x = static_cast<T>(natural(value));
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (!value.is_string()) throw Error("no text");
      x = value.get<std::string>();
    } else if constexpr (state::is_list<T>) {
      read_list(value, x);
    } else if constexpr (state::is_optional<T>) {
      x.reset();
      if (!list(value).empty()) read(value[0], x.emplace());
    } else {
      read_class(value, x);
    }
  }
  template <typename T>
  void read_list(const Json& value, std::vector<T>& x) {
    const std::size_t size = list(value).size();
    if constexpr (std::is_default_constructible_v<T>) {
      if (x.empty()) x.resize(size);
    }
    if (x.size() != size) throw Error("a list of another length");
    for (std::size_t i = 0; i < size; ++i) read(value[i], x[i]);
  }
  template <typename T>
  void read_class(const Json& value, T& x) {
    if (!value.is_object()) throw Error("no object");
    const Json* outer = std::exchange(values_, &value);
    const std::size_t taken = std::exchange(taken_, 0);
    x.visit_state(*this);
    require_all_taken();
    values_ = outer;
    taken_ = taken;
  }

  Json all_;
  const Json* values_;     // of the class at hand
  std::size_t taken_ = 0;  // of its members
  std::map<std::string, const SavedTensor*> tensors_;
};

template <typename T>
Snapshot snapshot_of(T& x) {
  SnapshotWriter writer;
  x.visit_state(writer);
  return writer.take();
}

// Throws Error where it is of something else; x is then of no use any more.
template <typename T>
void restore(T& x, const Snapshot& snapshot) {
  SnapshotReader reader(snapshot);
  x.visit_state(reader);
  reader.finish();
}

}  // namespace halfulp::experiments
