// SPDX-License-Identifier: MIT
//
// Kernels from JSON documents (docs/kernels.md), and the documents that are shipped.
//
// A document has "parameters", values that stand in its other members wherever a text is "$" and
// the parameter's name; to change one changes the kernel. Names are checked here: a step takes what
// stands before it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "formats/json.h"
#include "golden/sequences/kernel.h"

namespace halfulp::sequences {

// Throws Error naming the place: members that are missing, unknown or of another type, names that
// nothing before them makes or that are made twice, parameters that nothing uses.
Kernel kernel_from_json(const Json& document, const std::string& where);

// The kernels of data/kernels, built into the library, by name.
struct ShippedKernel {
  std::string_view name, text;
};
std::span<const ShippedKernel> shipped_kernel_texts();

// A name, a path or JSON text. Throws Error with the nearest name.
Json kernel_document(const std::string& text);

}  // namespace halfulp::sequences
