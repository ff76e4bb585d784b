// SPDX-License-Identifier: MIT
#include "golden/tensors/gguf/header.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <limits>
#include <set>
#include <utility>

#include "formats/counted.h"
#include "formats/error.h"
#include "golden/tensors/gguf/block_types.h"
#include "golden/tensors/tensor.h"

namespace halfulp::tensors::gguf {
namespace {

constexpr const char* damaged = "is the file damaged?";
constexpr std::uint32_t magic = 0x46554747;  // "GGUF"
constexpr std::uint64_t most_text = std::uint64_t{1} << 16U;
constexpr std::size_t most_extents = 4;

// Kinds of values, by their numbers in the file.
enum class ValueKind : std::uint32_t {
  uint8,
  int8,
  uint16,
  int16,
  uint32,
  int32,
  float32,
  boolean,
  text,
  list,
  uint64,
  int64,
  float64
};
// Bytes of each; 0 of texts and lists.
constexpr std::array<std::size_t, 13> value_sizes{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
constexpr std::size_t least_tensor = 8 + 4 + 4 + 8;  // name, dimensions, type, offset
constexpr std::size_t least_value = 8 + 4 + 1;       // key, kind, value

// Reads on from the beginning of a file, a piece of it in memory.
class Cursor {
 public:
  explicit Cursor(const ByteSource& file) : file_(file) {}

  [[nodiscard]] std::uint64_t at() const { return begin_ + used_; }
  [[nodiscard]] std::uint64_t left() const { return file_.size() - at(); }

  std::uint64_t number(std::size_t size) {
    need(size);
    const std::uint64_t value = load_little(piece_.data() + used_, size);
    used_ += size;
    return value;
  }

  std::string text(std::uint64_t length) {
    require(length);
    const Bytes bytes = file_.read(at(), static_cast<std::size_t>(length));
    skip(length);
    return {bytes.begin(), bytes.end()};
  }

  void skip(std::uint64_t count) {
    require(count);
    if (count <= piece_.size() - used_) {
      used_ += static_cast<std::size_t>(count);
      return;
    }
    begin_ = at() + count;
    used_ = 0;
    piece_.clear();
  }

 private:
  void require(std::uint64_t count) const {
    if (count > left())
      throw Error("the file ends within its header, at byte " + std::to_string(file_.size()), "",
                  "is it whole?");
  }

  void need(std::size_t size) {
    require(size);
    if (piece_.size() - used_ >= size) return;
    constexpr std::uint64_t piece = 65536;
    begin_ = at();
    used_ = 0;
    piece_ = file_.read(begin_, static_cast<std::size_t>(std::min(piece, file_.size() - begin_)));
  }

  const ByteSource& file_;
  Bytes piece_;
  std::uint64_t begin_ = 0;  // of the piece
  std::size_t used_ = 0;     // of it
};

std::string short_text(Cursor& cursor, const char* what) {
  const std::uint64_t length = cursor.number(8);
  if (length > most_text)
    throw Error(std::string(what) + " of " + counted(length, "byte"), "", damaged);
  return cursor.text(length);
}

ValueKind kind_of(std::uint64_t number, const std::string& key) {
  if (number >= value_sizes.size())
    throw Error("a value of unknown kind " + std::to_string(number), "/" + printable(key), damaged);
  return static_cast<ValueKind>(number);
}

template <typename Number>
std::string number_text(Number number) {
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  return {text.data(), end};
}

std::string scalar_text(ValueKind kind, std::uint64_t bits) {
  switch (kind) {
    case ValueKind::int8:
      return number_text(int{static_cast<std::int8_t>(bits)});
    case ValueKind::int16:
      return number_text(static_cast<std::int16_t>(bits));
    case ValueKind::int32:
      return number_text(static_cast<std::int32_t>(bits));
    case ValueKind::int64:
      return number_text(static_cast<std::int64_t>(bits));
    case ValueKind::float32:
      return number_text(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    case ValueKind::float64:
      return number_text(std::bit_cast<double>(bits));
    case ValueKind::boolean:
      return bits != 0 ? "true" : "false";
    default:
      return number_text(bits);
  }
}

void skip_list(Cursor& cursor, const std::string& key) {
  const ValueKind kind = kind_of(cursor.number(4), key);
  const std::uint64_t count = cursor.number(8);
  if (kind == ValueKind::list)
    throw Error("a list of lists", "/" + printable(key), "such values are not read");
  const std::size_t size =
      kind == ValueKind::text ? 8 : value_sizes[static_cast<std::size_t>(kind)];
  if (count > cursor.left() / size)
    throw Error("a list of " + std::to_string(count) + " values, which the file cannot hold",
                "/" + printable(key), damaged);
  if (kind != ValueKind::text) return cursor.skip(count * size);
  for (std::uint64_t i = 0; i < count; ++i) cursor.skip(cursor.number(8));
}

void read_value(Cursor& cursor, const std::string& key, Header& header) {
  const ValueKind kind = kind_of(cursor.number(4), key);
  if (kind == ValueKind::list) return skip_list(cursor, key);
  if (kind == ValueKind::text) {
    const std::uint64_t length = cursor.number(8);
    if (length > most_text) return cursor.skip(length);
    header.metadata.emplace_back(key, cursor.text(length));
    return;
  }
  const std::uint64_t bits = cursor.number(value_sizes[static_cast<std::size_t>(kind)]);
  header.metadata.emplace_back(key, scalar_text(kind, bits));
  if (key != "general.alignment") return;
  constexpr std::uint64_t most = std::uint64_t{1} << 30U;
  if (kind != ValueKind::uint32 || bits == 0 || bits > most || !std::has_single_bit(bits))
    throw Error("an alignment of " + header.metadata.back().second, "/" + key,
                "it is a uint32 and a power of two");
  header.alignment = bits;
}

// Bytes of the tensor's data. Throws Error where its rows are no whole blocks.
std::uint64_t size_of(const TensorInfo& tensor) {
  const std::size_t count = element_count(tensor.shape);
  const BlockType* type = find_block_type(tensor.type);
  if (type == nullptr) return 0;
  const std::int64_t row = tensor.shape.empty() ? 1 : tensor.shape.back();
  if (row % static_cast<std::int64_t>(type->elements) != 0)
    throw Error("rows of " + std::to_string(row) + " elements are no whole blocks of " +
                    std::to_string(type->elements),
                "", damaged);
  const std::uint64_t blocks = count / type->elements;
  if (blocks > std::numeric_limits<std::uint64_t>::max() / 2 / type->bytes)
    throw Error("more bytes than any file has", "", damaged);
  return blocks * type->bytes;
}

TensorInfo read_info(Cursor& cursor, const std::string& name) {
  TensorInfo tensor;
  tensor.name = name;
  const std::uint64_t dimensions = cursor.number(4);
  if (dimensions > most_extents)
    throw Error(counted(dimensions, "dimension"), "", "GGUF has at most 4");
  for (std::uint64_t i = 0; i < dimensions; ++i) {
    const std::uint64_t extent = cursor.number(8);
    if (extent > std::uint64_t{1} << 60U)
      throw Error("a dimension of " + std::to_string(extent), "", damaged);
    tensor.shape.insert(tensor.shape.begin(), static_cast<std::int64_t>(extent));
  }
  tensor.type = static_cast<std::uint32_t>(cursor.number(4));
  tensor.begin = cursor.number(8);
  tensor.size = size_of(tensor);
  return tensor;
}

// Offsets become places in the file. Throws Error where data lie wrong.
void place_data(Header& header, std::uint64_t data_begin, std::uint64_t file_size) {
  const std::uint64_t size = file_size > data_begin ? file_size - data_begin : 0;
  std::stable_sort(header.tensors.begin(), header.tensors.end(),
                   [](const TensorInfo& a, const TensorInfo& b) {
                     return std::pair(a.begin, a.size) < std::pair(b.begin, b.size);
                   });
  std::uint64_t covered = 0;
  for (TensorInfo& tensor : header.tensors) {
    const std::string place = "/" + printable(tensor.name);
    const std::string at = "data at byte " + std::to_string(tensor.begin);
    if (tensor.begin % header.alignment != 0)
      throw Error(at + ", which is no multiple of " + std::to_string(header.alignment), place,
                  damaged);
    if (tensor.begin > size || tensor.size > size - tensor.begin)
      throw Error(
          at + " and of " + counted(tensor.size, "byte") + ", the file has " + std::to_string(size),
          place, "is it whole?");
    if (tensor.size > 0 && tensor.begin < covered)
      throw Error(at + " overlap others", place, damaged);
    covered = std::max(covered, tensor.begin + tensor.size);
    tensor.begin += data_begin;
  }
}

void require_count(std::uint64_t count, std::size_t least, const Cursor& cursor, const char* what) {
  if (count > cursor.left() / least)
    throw Error(counted(count, what) + ", which the file cannot hold", "", damaged);
}

void require_version(std::uint64_t version) {
  if (version == 2 || version == 3) return;
  const bool swapped = version % 65536 == 0;
  throw Error(swapped ? "a big-endian GGUF file" : "GGUF of version " + std::to_string(version), "",
              "read are versions 2 and 3, little-endian");
}

std::string little_text(std::uint64_t number, std::size_t size) {
  Bytes bytes(size);
  store_little(number, bytes.data(), size);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

Header read_header(const ByteSource& file) {
  Cursor cursor(file);
  if (cursor.left() < 4 || cursor.number(4) != magic)
    throw Error("no GGUF file: it does not begin with GGUF", "", "is it one?");
  Header header;
  const std::uint64_t version = cursor.number(4);
  require_version(version);
  header.version = static_cast<std::uint32_t>(version);
  const std::uint64_t tensors = cursor.number(8);
  const std::uint64_t values = cursor.number(8);
  require_count(tensors, least_tensor, cursor, "tensor");
  require_count(values, least_value, cursor, "value");
  std::set<std::string> names;
  for (std::uint64_t i = 0; i < values; ++i) {
    const std::string key = short_text(cursor, "a key");
    if (!names.insert(key).second)
      throw Error("the key \"" + printable(key) + "\" stands twice", "", damaged);
    read_value(cursor, key, header);
  }
  names.clear();
  for (std::uint64_t i = 0; i < tensors; ++i) {
    const std::string name = short_text(cursor, "a name");
    if (!names.insert(name).second) throw Error("two tensors of this name", "/" + printable(name));
    try {
      header.tensors.push_back(read_info(cursor, name));
    } catch (const Error& error) {
      throw error.at("/" + printable(name));
    }
  }
  const std::uint64_t over = cursor.at() % header.alignment;
  place_data(header, cursor.at() + (over == 0 ? 0 : header.alignment - over), file.size());
  return header;
}

std::string header_text(const Metadata& metadata, const std::vector<TensorInfo>& tensors) {
  constexpr std::size_t alignment = 32;
  constexpr std::size_t longest_name = 63;
  std::string text = little_text(magic, 4) + little_text(3, 4) + little_text(tensors.size(), 8) +
                     little_text(metadata.size(), 8);
  for (const auto& [key, value] : metadata) {
    text += little_text(key.size(), 8) + key;
    std::uint32_t number = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool is_number =
        read.ec == std::errc() && read.ptr == value.data() + value.size() && !value.empty();
    text +=
        little_text(static_cast<std::uint32_t>(is_number ? ValueKind::uint32 : ValueKind::text), 4);
    text += is_number ? little_text(number, 4) : little_text(value.size(), 8) + value;
  }
  for (const TensorInfo& tensor : tensors) {
    const std::string place = "/" + printable(tensor.name);
    if (tensor.name.size() > longest_name)
      throw Error("a name of " + counted(tensor.name.size(), "byte"), place,
                  "readers of GGUF take at most 63");
    if (tensor.shape.size() > most_extents)
      throw Error(counted(tensor.shape.size(), "dimension"), place, "GGUF has at most 4");
    text += little_text(tensor.name.size(), 8) + tensor.name;
    const Shape shape = tensor.shape.empty() ? Shape{1} : tensor.shape;
    text += little_text(shape.size(), 4);
    for (std::size_t i = shape.size(); i-- > 0;)
      text += little_text(static_cast<std::uint64_t>(shape[i]), 8);
    text += little_text(tensor.type, 4) + little_text(tensor.begin, 8);
  }
  text.append((alignment - text.size() % alignment) % alignment, '\0');
  return text;
}

}  // namespace halfulp::tensors::gguf
