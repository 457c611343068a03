//===- SafetensorsTest.cpp - Tests of the safetensors reader --------------===//

#include "TestFolder.h"
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace tx;
using namespace tx::test;

static std::string parse(const std::string &file) {
  return describe(SafetensorsFile::parse(bytesOf(file), "f"));
}

/// The result for a file with one tensor described by `fields`.
static std::string parseTensor(const std::string &fields, size_t size) {
  return parse(makeFile("{\"a\":{" + fields + "}}", size));
}

static std::string tensor(const std::string &name, const std::string &shape,
                          uint64_t begin, uint64_t end,
                          const std::string &dtype = "F32") {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":[" + std::to_string(begin) + "," +
         std::to_string(end) + "]}";
}

TEST(Safetensors, reads_tensors_and_metadata) {
  std::string file = makeFile("{\"__metadata__\":{\"format\":\"pt\"}," +
                                  tensor("b", "[2,1]", 0, 8) + "," +
                                  tensor("a", "[3]", 8, 14, "BF16") + "}   ",
                              14);
  auto parsed = SafetensorsFile::parse(bytesOf(file), "f");
  ASSERT_TRUE(bool(parsed)) << describe(parsed.takeError());
  EXPECT_EQ((*parsed)->metadata().at("format"), "pt");
  ASSERT_EQ((*parsed)->tensors().size(), 2u);
  const TensorView *b = (*parsed)->find("b");
  ASSERT_TRUE(b);
  EXPECT_EQ(b->dtype, Dtype::F32);
  EXPECT_EQ(b->shape, (llvm::SmallVector<int64_t, 4>{2, 1}));
  EXPECT_EQ(b->bytes.size(), 8u);
  EXPECT_EQ((*parsed)->find("a")->bytes.data(), b->bytes.end());
  EXPECT_EQ((*parsed)->find("c"), nullptr);
}

TEST(Safetensors, accepts_no_tensors_scalars_and_tensors_without_elements) {
  EXPECT_EQ(parse(makeFile("{}")), "ok");
  EXPECT_EQ(parse(makeFile("{" + tensor("s", "[]", 0, 4) + "," +
                               tensor("e", "[0,7]", 4, 4) + "," +
                               tensor("d", "[7,0]", 0, 0) + "}",
                           4)),
            "ok");
}

TEST(Safetensors, knows_every_dtype) {
  for (Dtype dtype :
       {Dtype::Bool, Dtype::U8, Dtype::I8, Dtype::I16, Dtype::I32, Dtype::I64,
        Dtype::F16, Dtype::BF16, Dtype::F32, Dtype::F64}) {
    auto size = static_cast<uint64_t>(3 * getSize(dtype));
    std::string file = makeFile(
        "{" + tensor("a", "[3]", 0, size, getName(dtype).str()) + "}", size);
    auto parsed = SafetensorsFile::parse(bytesOf(file), "f");
    ASSERT_TRUE(bool(parsed)) << describe(parsed.takeError());
    EXPECT_EQ((*parsed)->find("a")->dtype, dtype);
  }
}

TEST(Safetensors, refuses_a_wrong_header_length) {
  EXPECT_EQ(parse(""), "4: f: 0 bytes are too few for a safetensors file");
  EXPECT_EQ(parse("1234567"),
            "4: f: 7 bytes are too few for a safetensors file");
  std::string file = makeFile("{}");
  file[0] = 3;
  EXPECT_EQ(parse(file), "4: f: the header claims 3 bytes, but only 2 follow; "
                         "the file is truncated or not a safetensors file");
  EXPECT_EQ(parse(std::string(8, '\xff')),
            "4: f: the header claims 18446744073709551615 bytes, at most "
            "100000000 are read");
  EXPECT_EQ(parse(std::string(8, '\0')),
            "4: f: the header does not begin with '{'");
}

TEST(Safetensors, refuses_a_truncated_file_at_every_length) {
  std::string file = makeFile("{" + tensor("a", "[2]", 0, 8) + "}", 8);
  for (size_t length = 0; length < file.size(); ++length)
    EXPECT_EQ(parse(file.substr(0, length)).substr(0, 2), "4:") << length;
}

TEST(Safetensors, refuses_what_is_no_header) {
  EXPECT_EQ(parse(makeFile("[]")), "4: f: the header does not begin with '{'");
  EXPECT_EQ(parse(makeFile(" {}")), "4: f: the header does not begin with '{'");
  EXPECT_NE(parse(makeFile("{\"a\":}")).find("4: f: not valid JSON"),
            std::string::npos);
  EXPECT_NE(parse(makeFile("{} x")).find("4: f: not valid JSON"),
            std::string::npos);
  EXPECT_EQ(parse(makeFile("{\"a\":1}")),
            "4: f: tensor 'a' is not described by an object");
  EXPECT_EQ(parse("version https://git-lfs.github.com/spec/v1\noid sha256:0"),
            "4: f: the file is a pointer of git-lfs; fetch the content with "
            "`git lfs pull`");
}

TEST(Safetensors, refuses_keys_that_appear_twice) {
  EXPECT_EQ(parse(makeFile("{" + tensor("a", "[1]", 0, 4) + "," +
                               tensor("a", "[1]", 4, 8) + "}",
                           8)),
            "4: f: key 'a' appears twice");
  EXPECT_EQ(parse(makeFile("{" + tensor("a", "[1]", 0, 4) + "," +
                               tensor("\\u0061", "[1]", 4, 8) + "}",
                           8)),
            "4: f: key 'a' appears twice");
  EXPECT_EQ(parseTensor("\"dtype\":\"F32\",\"dtype\":\"F16\"", 0),
            "4: f: key 'dtype' appears twice");
}

TEST(Safetensors, refuses_wrong_metadata) {
  EXPECT_EQ(parse(makeFile("{\"__metadata__\":[]}")),
            "4: f: __metadata__ is not an object");
  EXPECT_EQ(parse(makeFile("{\"__metadata__\":{\"a\":1}}")),
            "4: f: __metadata__ 'a' is not a string");
}

TEST(Safetensors, refuses_missing_fields) {
  EXPECT_EQ(parseTensor("\"shape\":[1],\"data_offsets\":[0,4]", 4),
            "4: f: tensor 'a' has no dtype");
  EXPECT_EQ(parseTensor("\"dtype\":\"F32\",\"data_offsets\":[0,4]", 4),
            "4: f: tensor 'a' has no shape");
  for (const char *offsets :
       {"", ",\"data_offsets\":4", ",\"data_offsets\":[0]",
        ",\"data_offsets\":[0,4,4]", ",\"data_offsets\":[-4,0]",
        ",\"data_offsets\":[\"0\",\"4\"]", ",\"data_offsets\":[0.5,4.5]",
        ",\"data_offsets\":[0,99999999999999999999]"})
    EXPECT_EQ(parseTensor(
                  std::string("\"dtype\":\"F32\",\"shape\":[1]") + offsets, 4),
              "4: f: tensor 'a' has no two data_offsets")
        << offsets;
}

TEST(Safetensors, refuses_dtypes_it_does_not_know) {
  EXPECT_EQ(parse(makeFile("{" + tensor("a", "[4]", 0, 4, "F8_E4M3") + "}", 4)),
            "5: f: tensor 'a' has dtype F8_E4M3, which is not supported");
}

TEST(Safetensors, refuses_wrong_shapes) {
  auto parseShape = [](const std::string &shape) {
    return parse(makeFile("{" + tensor("a", shape, 0, 4) + "}", 4));
  };
  for (const char *shape : {"[-1]", "[1.5]", "[\"1\"]", "[null]",
                            "[99999999999999999999]", "[1e300]"})
    EXPECT_EQ(parseShape(shape),
              "4: f: tensor 'a' has a dimension that is no natural number")
        << shape;
  EXPECT_EQ(parseShape("[1,1,1,1,1,1,1,1,1]"),
            "4: f: tensor 'a' has 9 dimensions, at most 8 are supported");
  // 2^32 * 2^32 * 2 elements wrap round to none, 2^62 of 4 bytes too.
  for (const char *shape :
       {"[4294967296,4294967296,2]", "[4611686018427387904]",
        "[0,4294967296,4294967296]", "[4294967296,4294967296,0]",
        "[9223372036854775807,9223372036854775807]"})
    EXPECT_EQ(parseShape(shape),
              "4: f: tensor 'a' has a shape too large to exist")
        << shape;
  EXPECT_EQ(parseShape("[2]"),
            "4: f: tensor 'a' has 4 bytes, but its dtype and shape need 8");
}

TEST(Safetensors, refuses_offsets_that_do_not_cover_the_data) {
  EXPECT_EQ(
      parse(makeFile("{" + tensor("a", "[2]", 0, 8) + "}", 4)),
      "4: f: tensor 'a' has data_offsets 0 to 8, but there are 4 bytes of "
      "data");
  EXPECT_EQ(
      parse(makeFile("{" + tensor("a", "[1]", 4, 0) + "}", 4)),
      "4: f: tensor 'a' has data_offsets 4 to 0, but there are 4 bytes of "
      "data");
  EXPECT_EQ(parse(makeFile("{" + tensor("a", "[2]", 0, 8) + "," +
                               tensor("b", "[1]", 4, 8) + "}",
                           8)),
            "4: f: tensor 'b' overlaps another");
  EXPECT_EQ(parse(makeFile("{" + tensor("a", "[1]", 0, 4) + "," +
                               tensor("b", "[1]", 0, 4) + "}",
                           4)),
            "4: f: tensor 'b' overlaps another");
  EXPECT_EQ(parse(makeFile("{" + tensor("a", "[1]", 0, 4) + "," +
                               tensor("b", "[1]", 8, 12) + "}",
                           12)),
            "4: f: 4 bytes before tensor 'b' belong to no tensor");
  EXPECT_EQ(parse(makeFile("{" + tensor("a", "[1]", 0, 4) + "}", 6)),
            "4: f: the last 2 bytes belong to no tensor");
}

TEST(Safetensors, refuses_names_that_would_spoil_messages) {
  EXPECT_EQ(
      parse(makeFile("{" + tensor("a\\u001b[2J\\n", "[1]", 0, 4) + "}", 4)),
      "4: f: tensor 'a\\x1b[2J\\x0a' has a name that is longer than 1000 "
      "bytes or contains control characters");
  std::string message = parse(
      makeFile("{" + tensor(std::string(5000, 'x'), "[1]", 0, 4) + "}", 4));
  EXPECT_EQ(message.substr(0, 2), "4:");
  EXPECT_LT(message.size(), 300u);
}

TEST(Safetensors, refuses_files_that_cannot_be_mapped) {
  TestFolder folder;
  auto open = [&](const std::string &name) {
    std::string result = describe(SafetensorsFile::open(folder.path(name)));
    size_t at = result.find(folder.dir);
    return at == std::string::npos ? result
                                   : result.erase(at, folder.dir.size() + 1);
  };
  EXPECT_EQ(open("none"), "3: cannot open none: No such file or directory");
  folder.write("empty", "");
  EXPECT_EQ(open("empty"), "4: empty: the file is empty");
  ASSERT_EQ(::mkdir(folder.path("dir").c_str(), 0777), 0);
  EXPECT_EQ(open("dir"), "3: cannot open dir: it is a folder");
  ASSERT_EQ(::mkfifo(folder.path("fifo").c_str(), 0666), 0);
  EXPECT_EQ(open("fifo"), "3: cannot open fifo: not a regular file");
  EXPECT_EQ(describe(SafetensorsFile::open("/dev/zero")),
            "3: cannot open /dev/zero: not a regular file");
}

TEST(Safetensors, follows_links_and_releases_pages) {
  TestFolder folder;
  std::string header = "{" + tensor("a", "[65536]", 0, 262144) + "}";
  folder.write("blob", makeFile(header, 262144));
  ASSERT_EQ(::symlink("blob", folder.path("link").c_str()), 0);
  auto file = SafetensorsFile::open(folder.path("link"));
  ASSERT_TRUE(bool(file)) << describe(file.takeError());
  llvm::ArrayRef<uint8_t> bytes = (*file)->find("a")->bytes;
  EXPECT_EQ(bytes.back(), 1);
  (*file)->release(bytes);
  EXPECT_EQ(bytes.front(), 1); // mapped again on demand
  (*file)->release({});
}

TEST(Safetensors, writes_what_it_reads) {
  TestFolder folder;
  std::string data = "abcdefghijklmnop";
  std::map<std::string, TensorView> tensors;
  tensors["a.bytes"] = {Dtype::U8, {3}, bytesOf(data).take_front(3)};
  tensors["b \"quoted\" é"] = {Dtype::F32, {2, 1}, bytesOf(data).take_front(8)};
  tensors["c"] = {Dtype::I64, {}, bytesOf(data).take_back(8)};
  tensors["d"] = {Dtype::F16, {0}, {}};
  std::string path = folder.path("out.safetensors");
  ASSERT_EQ(describe(writeSafetensors(path, tensors, {{"k", "v\n"}})), "ok");
  EXPECT_EQ(folder.list(), "out.safetensors ");
  auto file = SafetensorsFile::open(path);
  ASSERT_TRUE(bool(file)) << describe(file.takeError());
  EXPECT_EQ((*file)->metadata().at("k"), "v\n");
  ASSERT_EQ((*file)->tensors().size(), tensors.size());
  for (const auto &[name, view] : tensors) {
    const TensorView *read = (*file)->find(name);
    ASSERT_TRUE(read) << name;
    EXPECT_EQ(read->dtype, view.dtype);
    EXPECT_EQ(read->shape, view.shape);
    EXPECT_EQ(read->bytes, view.bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(read->bytes.data()) %
                  getSize(view.dtype),
              0u)
        << name;
  }
}

TEST(Safetensors, does_not_write_tensors_of_another_size) {
  TestFolder folder;
  EXPECT_EQ(describe(writeSafetensors(folder.path("out"),
                                      {{"a", {Dtype::F32, {2}, {}}}})),
            "1: tensor 'a' has 0 bytes, but its dtype and shape need 8");
  EXPECT_EQ(folder.list(), "");
}
