// SPDX-License-Identifier: MIT
//
// --shard: I/N, or auto, where what started this process says in the environment which of how many
// it is. Nothing is guessed: a number without a count, counts that disagree and an array that is
// not evenly numbered are errors that say what was found.
#pragma once

#include <functional>
#include <string>

namespace halfulp::cli {

struct ShardNumbers {
  int index = 0, count = 1;  // from 1; 0 of 1: no shard was asked for
  std::string source;        // of auto: the variables that decided
};

// The text of a variable, or nullptr.
using Environment = std::function<const char*(const char* name)>;

// Throws Error with --shard as its location.
ShardNumbers shard_numbers(const std::string& text, const Environment& environment);
// From the process's own.
ShardNumbers shard_numbers(const std::string& text);

}  // namespace halfulp::cli
