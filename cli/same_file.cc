// SPDX-License-Identifier: MIT
#include "cli/same_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include "formats/error.h"

namespace halfulp::cli {
namespace {

// A regular file by its own number, or one that is yet to be made by its folder's and a name.
struct Identity {
  dev_t device = 0;
  ino_t inode = 0;
  std::string name;  // empty where the file exists
  bool operator==(const Identity&) const = default;
};

// Where a chain of symbolic links ends, as far as it can be followed.
std::filesystem::path followed(std::filesystem::path path) {
  constexpr int most_links = 40;  // Linux follows no more
  std::error_code failed;
  for (int i = 0; i < most_links && std::filesystem::is_symlink(path, failed); ++i) {
    const std::filesystem::path target = std::filesystem::read_symlink(path, failed);
    if (failed) break;
    path = path.parent_path() / target;
  }
  return path;
}

std::optional<Identity> identity_of_new_file(const std::string& path) {
  const std::filesystem::path end = followed(path);
  const std::filesystem::path folder = end.parent_path();
  struct stat status {};
  if (::stat(folder.empty() ? "." : folder.c_str(), &status) != 0) return std::nullopt;
  return Identity{status.st_dev, status.st_ino, end.filename().string()};
}

std::optional<Identity> identity_of(const std::string& path) {
  if (path.empty()) return std::nullopt;
  struct stat status {};
  const bool exists =
      (path == "-" ? ::fstat(STDIN_FILENO, &status) : ::stat(path.c_str(), &status)) == 0;
  if (!exists) return path == "-" ? std::nullopt : identity_of_new_file(path);
  if (!S_ISREG(status.st_mode)) return std::nullopt;
  return Identity{status.st_dev, status.st_ino, {}};
}

struct Known {
  Identity identity;
  NamedPath of;
  bool input = true;
};

[[noreturn]] void refuse(const NamedPath& output, const Known& other) {
  const std::string path = other.of.path == "-" ? "standard input" : other.of.path;
  const std::string role = other.input ? "the input " : "the output ";
  const bool same_name = path == output.path;
  throw Error(output.path + " is " + (same_name ? "" : "the same file as ") + role +
                  other.of.option + (same_name ? " too" : " " + path),
              output.option, "give it a name of its own");
}

}  // namespace

void require_apart(std::span<const NamedPath> inputs, std::span<const NamedPath> outputs) {
  std::vector<Known> known;
  for (const NamedPath& input : inputs) {
    if (const auto identity = identity_of(input.path)) known.push_back({*identity, input, true});
  }
  for (const NamedPath& output : outputs) {
    if (output.path == "-") continue;
    const auto identity = identity_of(output.path);
    if (!identity) continue;
    for (const Known& other : known) {
      if (other.identity == *identity) refuse(output, other);
    }
    known.push_back({*identity, output, false});
  }
}

}  // namespace halfulp::cli
