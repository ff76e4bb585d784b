// SPDX-License-Identifier: MIT
#include <mpfr.h>

#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "emulator/functions/build_identity.h"
#include "emulator/functions/cache_file.h"
#include "emulator/functions/function_table.h"
#include "emulator/functions/functions.h"
#include "emulator/rounding/irrational.h"
#include "emulator/rounding/kinds.h"
#include "emulator/scalar/logarithmic/irrational.h"
#include "formats/codes.h"
#include "formats/json.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {
namespace {

constexpr int most_bits = 16;
constexpr int cut_bits = 126;
// A table is made where one result is wanted for so many of its entries.
constexpr std::uint64_t entries_per_result = 16;

// FNV-1a of 64 bits.
std::uint64_t checksum(std::span<const char> bytes) {
  std::uint64_t sum = 0xcbf29ce484222325U;
  for (const char byte : bytes) sum = (sum ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  return sum;
}

std::string hexadecimal(std::uint64_t n) {
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[(n >> shift) & 15];
  return text;
}

std::string described(const Format& format) {
  Format unnamed = format;
  unnamed.name.clear();
  return to_json(unnamed).dump();
}

// Everything that decides the entries: this build, the MPFR that it runs with, and what the table
// is of.
std::string header(Op op, const Format& format) {
  return "halfulp function table " + std::string(build_identity()) + " mpfr " + mpfr_get_version() +
         (std::endian::native == std::endian::little ? " little" : " big") + "\n" +
         std::string(name_of(op)) + "\n" + described(format) + "\n";
}

// The header, the checksum of all else, and the entries.
std::string serialised(Op op, const Format& format, const std::vector<TableEntry>& table) {
  std::string body(table.size() * sizeof(TableEntry), '\0');
  std::memcpy(body.data(), table.data(), body.size());
  const std::string start = header(op, format);
  return start + hexadecimal(checksum(start + body)) + "\n" + body;
}

// Nothing where the file is not byte for byte what would have been written for its entries.
std::optional<std::vector<TableEntry>> read(Op op, const Format& format,
                                            const std::filesystem::path& path) {
  std::vector<TableEntry> table(std::size_t{1} << bits(format));
  const std::size_t size = table.size() * sizeof(TableEntry);
  const std::optional<std::string> text =
      read_cache_file(path, serialised(op, format, {}).size() + size);
  if (!text) return std::nullopt;
  std::memcpy(table.data(), text->data() + (text->size() - size), size);
  if (serialised(op, format, table) != *text) return std::nullopt;
  return table;
}

TableEntry entry_of(Op op, const Format& format, Code code) {
  const Operand x = unpack(format, code);
  if (x.kind != Operand::Class::finite || known_function(op, std::span(&x, 1))) return {};
  const std::optional<Exact<Integer>> cut =
      x.is_irrational() ? cut_irrational(op, x, cut_bits)
                        : std::optional(cut_function(op, std::span(&x, 1), cut_bits));
  if (!cut || bit_length(cut->significand) > word_bits<Code>) return {};
  const Code significand = to_code(cut->significand);
  return {static_cast<std::uint64_t>(significand), static_cast<std::uint64_t>(significand >> 64),
          static_cast<std::int32_t>(cut->exponent), cut->negative ? 1U : 0U};
}

bool is_tabulated(Op op, const Format& format) {
  return is_function(op) && arity(op) == 1 && op != Op::reciprocal && bits(format) <= most_bits;
}

}  // namespace

bool table_serves(Op op, const Format& format, const Target& target) {
  const bool enough = target.irrational || bits_needed(target) + 2 <= cut_bits;
  return enough && is_tabulated(op, format);
}

std::filesystem::path table_path(Op op, const Format& format, const std::filesystem::path& folder) {
  return folder / (std::string(name_of(op)) + "-" + hexadecimal(checksum(described(format))));
}

std::vector<TableEntry> function_table(Op op, const Format& format,
                                       const std::filesystem::path& folder) {
  const std::filesystem::path path = table_path(op, format, folder);
  if (!folder.empty()) {
    if (auto table = read(op, format, path)) return *table;
  }
  std::vector<TableEntry> table;
  const std::size_t codes = std::size_t{1} << bits(format);
  table.reserve(codes);
  for (std::size_t code = 0; code < codes; ++code) table.push_back(entry_of(op, format, code));
  if (!folder.empty()) write_cache_file(path, serialised(op, format, table));
  return table;
}

std::optional<Outcome> function_by_table(const FunctionTable& table, Code code,
                                         const Target& target, std::uint64_t random,
                                         RealMemory* memory) {
  const TableEntry& entry = table.entries[static_cast<std::size_t>(code)];
  const Code significand = (Code{entry.high} << 64) | entry.low;
  if (significand == 0) return std::nullopt;
  if (!target.irrational)
    return round_cut(target, {entry.negative != 0, significand, entry.exponent}, random);
  // A unit of 126 bits is four of 128. What is shorter is beyond every format.
  Near near = near_number(significand, entry.exponent);
  near.error = (significand & 1) != 0 ? 4 : 0;
  const auto exact = [&] {
    const Operand x = unpack(table.format, code);
    return real_function(table.op, std::span(&x, 1), memory);
  };
  return round_result(target, Result(near, entry.negative != 0, exact), random);
}

FunctionTables::Entry& FunctionTables::entry(Op op, const Format& format) {
  const std::lock_guard lock(adding_);
  for (Entry& entry : entries_) {
    if (entry.op == op && entry.format.kind == format.kind) return entry;
  }
  return entries_.emplace_back(op, format);
}

std::shared_ptr<const FunctionTable> FunctionTables::wanted(Op op, const Format& format,
                                                            std::uint64_t results) {
  Entry& entry = this->entry(op, format);
  const std::lock_guard lock(entry.making);
  if (entry.table) return entry.table;
  entry.wanted += results;
  if (entry.wanted < (std::uint64_t{1} << bits(format)) / entries_per_result) return nullptr;
  entry.table = std::make_shared<const FunctionTable>(
      FunctionTable{op, format, function_table(op, format, folder_)});
  return entry.table;
}

}  // namespace halfulp::emulator
