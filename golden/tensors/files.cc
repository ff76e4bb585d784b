// SPDX-License-Identifier: MIT
#include "golden/tensors/files.h"

#include <algorithm>
#include <new>
#include <utility>

#include "formats/codes.h"
#include "formats/counted.h"
#include "formats/engine.h"
#include "formats/error.h"
#include "formats/output_file.h"
#include "golden/tensors/npz.h"

namespace halfulp::tensors {
namespace {

std::optional<Container> known_ending(const std::string& path) {
  if (path.ends_with(".npy")) return Container::npy;
  if (path.ends_with(".npz")) return Container::npz;
  if (path.ends_with(".safetensors")) return Container::safetensors;
  if (path.ends_with(".raw") || path.ends_with(".bin")) return Container::raw;
  return std::nullopt;
}

// What the file is, of which the ending is not always to be had (standard input).
Container container_of_content(const std::string& path, ByteView file, bool with_shape) {
  if (with_shape) return Container::raw;
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  const std::optional<Container> by_ending = known_ending(path);
  if (by_ending && *by_ending != Container::raw) return *by_ending;
  if (text.starts_with("\x93NUMPY")) return Container::npy;
  if (text.starts_with("PK\x03\x04") || text.starts_with("PK\x05\x06")) return Container::npz;
  if (file.size() > 8 && file[8] == '{' && !by_ending) return Container::safetensors;
  throw Error(by_ending ? "a raw file does not say its shape" : "no kind of tensor file", "",
              "NumPy's .npy and .npz and .safetensors are read, and raw files with their shape and "
              "element type given");
}

bool is_plain(const Layout& layout) {
  return layout.byte_order == ByteOrder::little && !layout.fortran_order;
}

// Throws Error where the elements of the type cannot lie close together.
void require_packable(const ElementType& type, const Layout& layout) {
  if (!is_plain(layout))
    throw Error("packed elements are little-endian and in C order", "",
                "leave out the other order");
  const int width = bits(type.format);
  if (width != 4 && width != 6)
    throw Error("elements of " + type.name + " cannot be packed", "", "those of 4 and 6 bits can");
}

Tensor parse_raw(ByteView file, const ReadOptions& options) {
  const StoredTensor stored = stored_raw(file.size(), options);
  Tensor tensor = tensor_of(stored, file);
  const bool fills = !stored.packed || file.empty() || packed_codes(tensor).back() == file.back();
  if (!fills)
    throw Error("the last byte has bits beyond the last element", "", "is the shape right?");
  return tensor;
}

const Tensor& only_tensor(const TensorFile& file) {
  if (file.tensors.size() != 1)
    throw Error(std::to_string(file.tensors.size()) + " tensors for a file of one", "",
                "write them to an .npz or .safetensors file");
  return file.tensors.front();
}

std::string raw_file(const Tensor& tensor, const WriteOptions& options) {
  if (options.packed) require_packable(tensor.type, options.layout);
  const Bytes bytes = options.packed ? packed_codes(tensor) : to_layout(tensor, options.layout);
  return {bytes.begin(), bytes.end()};
}

// As parse, in the memory of the file.
TensorFile whole_npy(Bytes&& file, const ReadOptions& options) {
  if (options.shape) return parse(file, Container::npy, options);
  GivenType given(options.type, options.packed);
  TensorFile result;
  if (options.only == nullptr || options.only->wants("")) {
    const StoredTensor stored = stored_npy(file, file.size(), given);
    file.erase(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(stored.begin));
    const auto& [name, type, shape] = stored.heading;
    result.tensors.push_back(
        make_tensor(name, type, shape,
                    from_layout(std::move(file), shape, element_bytes(type), stored.layout)));
  }
  given.require_used();
  return result;
}

}  // namespace

Container container_of(const std::string& path) {
  if (const std::optional<Container> container = known_ending(path)) return *container;
  throw Error("no kind of tensor file has this ending", path,
              "use .npy, .npz, .safetensors, .raw or .bin");
}

Container container_of_file(const std::string& path, ByteView beginning, bool with_shape) {
  const std::optional<Container> by_ending = known_ending(path);
  if (by_ending && *by_ending != Container::raw) return *by_ending;
  return container_of_content(path, beginning, with_shape);
}

StoredTensor stored_raw(std::uint64_t file_size, const ReadOptions& options) {
  if (!options.type || !options.shape)
    throw Error(
        std::string("a raw file does not say its ") + (options.shape ? "element type" : "shape"),
        "", "give its shape and its element type");
  const ElementType& type = *options.type;
  const std::size_t count = element_count(*options.shape);
  if (options.packed) require_packable(type, options.layout);
  const std::size_t needed =
      options.packed ? packed_bytes(type.format, count) : count * element_bytes(type);
  if (file_size != needed)
    throw Error(counted(file_size, "byte") + ", the shape needs " + std::to_string(needed) +
                    " of " + type.name,
                "", "give the shape and the element type that the file has");
  return {.heading = {"", type, *options.shape},
          .begin = 0,
          .end = file_size,
          .layout = options.layout,
          .packed = options.packed};
}

TensorFile parse(ByteView file, Container container, const ReadOptions& options) {
  if (container != Container::raw && options.shape)
    throw Error("the file says its own shape", "", "give none");
  if (container == Container::raw) return {.tensors = {parse_raw(file, options)}, .metadata = {}};
  GivenType given(options.type, options.packed);
  Selection all;
  Selection& selection = options.only == nullptr ? all : *options.only;
  TensorFile result;
  if (container == Container::npy && selection.wants(""))
    result.tensors.push_back(parse_npy(file, given));
  if (container == Container::npz) result.tensors = parse_npz(file, given, selection);
  if (container == Container::safetensors) result = parse_safetensors(file, given, selection);
  given.require_used();
  return result;
}

TensorFile read(const std::string& path, const ReadOptions& options) {
  const std::string place = path == "-" ? "standard input" : path;
  try {
    Bytes file = read_bytes(path);
    try {
      const Container container = container_of_content(path, file, options.shape.has_value());
      return container == Container::npy ? whole_npy(std::move(file), options)
                                         : parse(file, container, options);
    } catch (const Error& error) {
      throw error.at(place);
    }
  } catch (const std::bad_alloc&) {
    throw Error("does not fit into memory", place, "use a smaller file or a larger machine");
  }
}

std::string file_bytes(const TensorFile& file, Container container, const WriteOptions& options) {
  if (container == Container::safetensors && !is_plain(options.layout))
    throw Error("safetensors files are little-endian and in C order", "",
                "write .npy or .npz for another order");
  if (container == Container::npy) return npy_file(only_tensor(file), options.layout);
  if (container == Container::npz) return npz_file(file.tensors, options.layout);
  if (container == Container::safetensors) return safetensors_file(file);
  return raw_file(only_tensor(file), options);
}

void write(const std::string& path, const TensorFile& file, const WriteOptions& options) {
  const Container container = container_of(path);
  const std::string bytes = [&] {
    try {
      return file_bytes(file, container, options);
    } catch (const Error& error) {
      throw error.at(path);
    }
  }();
  halfulp::write_file(path, bytes);
}

}  // namespace halfulp::tensors
