// SPDX-License-Identifier: MIT
//
// Files of a cache, which must never be worse than none: nothing but a regular file of the user,
// that nobody else may write, is opened; a file appears whole or not at all; and nothing here
// fails.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace halfulp::emulator {

// The content of a file of exactly `size` bytes. Nothing where there is none of this size, or
// another thing than such a file: no symbolic link is followed, no pipe waited for.
std::optional<std::string> read_cache_file(const std::filesystem::path& path, std::size_t size);

// Writes the file, and its folders, readable and writable by the user alone. What cannot be written
// is not: there may be no room, no permission, or something else than a regular file of the user in
// its place, which then stays.
void write_cache_file(const std::filesystem::path& path, std::string_view content);

}  // namespace halfulp::emulator
