// SPDX-License-Identifier: MIT
#include "golden/sequences/names.h"

#include "formats/error.h"
#include "golden/sequences/step_words.h"

namespace halfulp::sequences {

void Dimensions::take(const std::vector<Dimension>& wanted, const Shape& shape) {
  const bool open = !wanted.empty() && wanted[0] == Dimension("...");
  const std::size_t named = wanted.size() - (open ? 1 : 0);
  if (shape.size() < named || (!open && shape.size() != named))
    throw Error("it has shape " + tensors::shape_text(shape), "",
                "the kernel takes " + words_of(wanted));
  const auto first_named = shape.end() - static_cast<std::ptrdiff_t>(named);
  if (open) take_leading(Shape(shape.begin(), first_named));
  for (std::size_t i = 0; i < named; ++i)
    take_one(wanted[wanted.size() - named + i], first_named[static_cast<std::ptrdiff_t>(i)]);
}

void Dimensions::take_leading(const Shape& shape) { leading_ = joined(leading_, shape); }

void Dimensions::take_one(const Dimension& wanted, std::int64_t length) {
  const auto* name = std::get_if<std::string>(&wanted);
  const std::int64_t expected = name == nullptr ? std::get<std::int64_t>(wanted)
                                                : lengths_.try_emplace(*name, length).first->second;
  if (expected == length) return;
  throw Error("it has " + std::to_string(length) + " along " +
                  (name == nullptr ? "a dimension" : "\"" + *name + "\""),
              "",
              std::to_string(expected) +
                  (name == nullptr ? " is needed" : " is needed, as of inputs before it"));
}

}  // namespace halfulp::sequences
