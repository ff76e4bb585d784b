// SPDX-License-Identifier: MIT
//
// NumPy's archives: a zip file of .npy files, stored or deflated, with or without zip64. The zip is
// libzip's work. Source: NumPy 2.4, numpy.savez; PKWARE APPNOTE 6.3.10.
#pragma once

#include <string>
#include <vector>

#include "golden/tensors/npy.h"
#include "golden/tensors/selection.h"

namespace halfulp::tensors {

// The selected arrays in the archive's order; an array's name is that of its member without ".npy".
// Throws Error naming the member: no zip file, members that are no such arrays, encrypted,
// compressed otherwise, of a name twice, of a wrong checksum or size. Members that are not selected
// may be anything.
std::vector<Tensor> parse_npz(ByteView file, GivenType& given, Selection& selection);

// The whole archive, members stored and dated 1980-01-01, so that the same arrays give the same
// bytes. Tensors without a name are called arr_0, arr_1 and so on by their place, as numpy.savez
// does. Throws Error: a name twice, or one that no member can have.
std::string npz_file(const std::vector<Tensor>& tensors, const Layout& layout);

}  // namespace halfulp::tensors
