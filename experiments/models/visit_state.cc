// SPDX-License-Identifier: MIT
#include "experiments/models/visit_state.h"

#include <charconv>
#include <cmath>

#include "experiments/hash.h"

namespace halfulp::experiments {

Json exact_json(double x) {
  if (std::isfinite(x)) return x;
  return hexadecimal(std::bit_cast<std::uint64_t>(x));
}

double exact_number(const Json& value) {
  if (value.is_number()) return value.get<double>();
  constexpr std::size_t digits = 16;
  std::uint64_t bits = 0;
  if (value.is_string() && value.get_ref<const std::string&>().size() == digits) {
    const auto& text = value.get_ref<const std::string&>();
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, bits, 16);
    if (error == std::errc() && end == text.data() + digits) return std::bit_cast<double>(bits);
  }
  throw Error("no number");
}

SnapshotReader::SnapshotReader(const Snapshot& snapshot)
    : all_(parse_json(snapshot.values, "")), values_(&all_) {
  if (!values_->is_object()) throw Error("no object");
  for (const SavedTensor& saved : snapshot.tensors) tensors_[saved.name] = &saved;
}

const Json& SnapshotReader::member(const char* name) {
  const auto found = values_->find(name);
  if (found == values_->end()) throw Error(std::string("\"") + name + "\" is missing");
  ++taken_;
  return *found;
}

const SavedTensor* SnapshotReader::find(const std::string& name, Carrier carrier, std::int64_t rows,
                                        std::int64_t columns) {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) return nullptr;
  const SavedTensor* saved = found->second;
  if (saved->carrier != carrier || saved->rows != rows || saved->columns != columns)
    throw Error("the tensor " + name + " has another type or shape");
  tensors_.erase(found);
  return saved;
}

std::uint64_t SnapshotReader::natural(const Json& value) {
  if (!value.is_number_unsigned()) throw Error("no natural number");
  return value.get<std::uint64_t>();
}

const Json& SnapshotReader::list(const Json& value) {
  if (!value.is_array()) throw Error("no list");
  return value;
}

void SnapshotReader::require_all_taken() const {
  if (taken_ != values_->size()) throw Error("a member that nobody knows");
}

void SnapshotReader::finish() const {
  require_all_taken();
  if (!tensors_.empty()) throw Error("the tensor " + tensors_.begin()->first + " has no place");
}

}  // namespace halfulp::experiments
