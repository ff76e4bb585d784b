// SPDX-License-Identifier: MIT
//
// Names that coincide: an output that is an input, or another output, would destroy it. Files are
// the same where their device and inode are, whatever they are called; files that are yet to be
// made, where their folder and name are, symbolic links followed.
#pragma once

#include <span>
#include <string>

namespace halfulp::cli {

// A path of the command line and what stands for it in messages: "-o", "IN", "--package".
struct NamedPath {
  std::string option;
  std::string path;
};

// Throws Error, located at the output's option, where an output is one of the inputs or an output
// before it. To be called before any of them is opened for writing. An input "-" is what standard
// input is; an output "-" (or "") is none, nor is anything but a regular file: pipes and devices
// may stand twice. Paths that cannot be looked at are left to whoever opens them.
void require_apart(std::span<const NamedPath> inputs, std::span<const NamedPath> outputs);

}  // namespace halfulp::cli
