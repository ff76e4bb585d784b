// SPDX-License-Identifier: MIT
#include "formats/files/safetensors_layout.h"

#include <algorithm>
#include <utility>

#include "formats/counted.h"
#include "formats/error.h"

namespace halfulp::tensors {
namespace {

constexpr std::size_t longest_header = 100'000'000;
constexpr std::size_t length_size = 8;

// Throws Error where the data of the entries, in their order, do not cover `size` bytes exactly.
void require_cover(const std::vector<SafetensorsEntry>& entries, std::uint64_t size) {
  std::uint64_t covered = 0;
  for (const SafetensorsEntry& entry : entries) {
    if (entry.begin != covered || entry.end < entry.begin)
      throw Error("the data begin at byte " + std::to_string(entry.begin) + " and end at " +
                      std::to_string(entry.end) + ", those before them end at " +
                      std::to_string(covered),
                  "/" + printable(entry.name) + "/data_offsets",
                  "data must neither overlap nor leave a hole");
    covered = entry.end;
  }
  if (covered != size)
    throw Error(std::to_string(size) + " bytes follow the header, its tensors have " +
                    std::to_string(covered),
                "", size < covered ? "is the file whole?" : "nothing may follow them");
}

// The header's length, of the first bytes of a file of so many.
std::uint64_t header_length(ByteView beginning, std::uint64_t file_size) {
  if (file_size < length_size)
    throw Error("the file ends before its header", "", "is it a safetensors file, and whole?");
  const std::uint64_t length = load_little(beginning.data(), length_size);
  if (length > longest_header)
    throw Error("a header of " + counted(length, "byte"), "",
                "safetensors has at most 100 MB; is it such a file?");
  if (file_size - length_size < length)
    throw Error("the file ends within its header of " + counted(length, "byte"), "",
                "is it whole?");
  return length;
}

// Entries in the order of their data, which cover the file.
SafetensorsHeader header_from(std::string_view text, std::uint64_t data_size) {
  SafetensorsHeader header = parse_safetensors_header(text);
  std::vector<SafetensorsEntry>& entries = header.entries;
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  require_cover(entries, data_size);
  return header;
}

}  // namespace

SafetensorsLayout safetensors_layout(ByteView file) {
  const std::uint64_t length = header_length(file, file.size());
  const ByteView data = file.subspan(length_size + length);
  const std::string_view text(reinterpret_cast<const char*>(file.data()) + length_size, length);
  return {.header = header_from(text, data.size()), .data = data};
}

SafetensorsIndex safetensors_index(const ByteSource& file) {
  const Bytes start = file.read(0, std::min<std::uint64_t>(file.size(), length_size));
  const std::uint64_t length = header_length(start, file.size());
  const Bytes text = file.read(length_size, length);
  const std::uint64_t data_begin = length_size + length;
  return {.header = header_from({reinterpret_cast<const char*>(text.data()), text.size()},
                                file.size() - data_begin),
          .data_begin = data_begin};
}

std::string safetensors_start(const SafetensorsHeader& header) {
  std::string text = safetensors_header_text(header);
  text.append((length_size - text.size() % length_size) % length_size, ' ');
  if (text.size() > longest_header)
    throw Error("a header of " + std::to_string(text.size()) + " bytes", "",
                "safetensors has at most 100 MB");
  std::uint8_t length[length_size];
  store_little(text.size(), length, length_size);
  return std::string(reinterpret_cast<const char*>(length), length_size) + text;
}

}  // namespace halfulp::tensors
