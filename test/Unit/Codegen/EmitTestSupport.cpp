//===- EmitTestSupport.cpp - Emitting and loading in tests ----------------===//
//
// The lowered module of the tests: out[t] = table[input_ids[t]].
//
//===----------------------------------------------------------------------===//

#include "EmitTest.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include <dlfcn.h>

using namespace tx;
using namespace tx::test;

static const char *const kModule = R"mlir(
module attributes {
    tx.target = #tx.target<"x86_64-unknown-linux-gnu", isa = "x86-64-v3", tune = "znver3", lanes = 8, registers = 16>,
    tx.model = {family = "table"}, tx.kernels = [{name = "table"}], tx.scratch = 64 : i64} {
  // Words: ids, T, table, N, out, T.
  llvm.func @table_items(%args: !llvm.ptr) -> i64 {
    %at = llvm.getelementptr %args[1] : (!llvm.ptr) -> !llvm.ptr, i64
    %items = llvm.load %at : !llvm.ptr -> i64
    llvm.return %items : i64
  }
  llvm.func @table(%args: !llvm.ptr, %begin: i64, %end: i64, %scratch: !llvm.ptr) {
    %one = llvm.mlir.constant(1 : i64) : i64
    %ids = llvm.load %args : !llvm.ptr -> !llvm.ptr
    %table_at = llvm.getelementptr %args[2] : (!llvm.ptr) -> !llvm.ptr, i64
    %table = llvm.load %table_at : !llvm.ptr -> !llvm.ptr
    %out_at = llvm.getelementptr %args[4] : (!llvm.ptr) -> !llvm.ptr, i64
    %out = llvm.load %out_at : !llvm.ptr -> !llvm.ptr
    llvm.br ^head(%begin : i64)
  ^head(%i: i64):
    %more = llvm.icmp "slt" %i, %end : i64
    llvm.cond_br %more, ^body, ^done
  ^body:
    %id_at = llvm.getelementptr %ids[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i32
    %id = llvm.load %id_at : !llvm.ptr -> i32
    %row_at = llvm.getelementptr %table[%id] : (!llvm.ptr, i32) -> !llvm.ptr, f32
    %row = llvm.load %row_at : !llvm.ptr -> f32
    %to = llvm.getelementptr %out[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    llvm.store %row, %to : f32, !llvm.ptr
    %next = llvm.add %i, %one : i64
    llvm.br ^head(%next : i64)
  ^done:
    llvm.return
  }
  llvm.func @packed(%call: !llvm.ptr) attributes {tx.signature = {
      entry = "packed",
      inputs = [{name = "input_ids", dtype = "i32", shape = array<i64: -1>, limit = 4 : i64},
                {name = "offsets", dtype = "i32", shape = array<i64: -3>}],
      outputs = [{name = "values", dtype = "f32", shape = array<i64: -1>}],
      max_length = 512 : i64,
      workspace = #tx.workspace<token = 0, sequence = 0, fixed = 0>, flops = array<i64: 0, 0, 0>}} {
    %zero = llvm.mlir.constant(0 : i64) : i64
    %four = llvm.mlir.constant(4 : i64) : i64
    %six = llvm.mlir.constant(6 : i64) : i64
    %words = llvm.alloca %six x i64 : (i64) -> !llvm.ptr
    %pool = llvm.load %call : !llvm.ptr -> !llvm.ptr
    %run_at = llvm.getelementptr %call[1] : (!llvm.ptr) -> !llvm.ptr, i64
    %run = llvm.load %run_at : !llvm.ptr -> !llvm.ptr
    %inputs_at = llvm.getelementptr %call[2] : (!llvm.ptr) -> !llvm.ptr, i64
    %inputs = llvm.load %inputs_at : !llvm.ptr -> !llvm.ptr
    %ids = llvm.load %inputs : !llvm.ptr -> !llvm.ptr
    %outputs_at = llvm.getelementptr %call[3] : (!llvm.ptr) -> !llvm.ptr, i64
    %outputs = llvm.load %outputs_at : !llvm.ptr -> !llvm.ptr
    %out = llvm.load %outputs : !llvm.ptr -> !llvm.ptr
    %dims_at = llvm.getelementptr %call[4] : (!llvm.ptr) -> !llvm.ptr, i64
    %dims = llvm.load %dims_at : !llvm.ptr -> !llvm.ptr
    %tokens = llvm.load %dims : !llvm.ptr -> i64
    %weights_at = llvm.getelementptr %call[6] : (!llvm.ptr) -> !llvm.ptr, i64
    %weights = llvm.load %weights_at : !llvm.ptr -> !llvm.ptr
    llvm.store %ids, %words : !llvm.ptr, !llvm.ptr
    %w1 = llvm.getelementptr %words[1] : (!llvm.ptr) -> !llvm.ptr, i64
    llvm.store %tokens, %w1 : i64, !llvm.ptr
    %w2 = llvm.getelementptr %words[2] : (!llvm.ptr) -> !llvm.ptr, i64
    llvm.store %weights, %w2 : !llvm.ptr, !llvm.ptr
    %w3 = llvm.getelementptr %words[3] : (!llvm.ptr) -> !llvm.ptr, i64
    llvm.store %four, %w3 : i64, !llvm.ptr
    %w4 = llvm.getelementptr %words[4] : (!llvm.ptr) -> !llvm.ptr, i64
    llvm.store %out, %w4 : !llvm.ptr, !llvm.ptr
    %w5 = llvm.getelementptr %words[5] : (!llvm.ptr) -> !llvm.ptr, i64
    llvm.store %tokens, %w5 : i64, !llvm.ptr
    %n = llvm.call @table_items(%words) : (!llvm.ptr) -> i64
    %kernel = llvm.mlir.addressof @table : !llvm.ptr
    llvm.call %run(%pool, %kernel, %words, %n, %zero) : !llvm.ptr, (!llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64) -> ()
    llvm.return
  }
  tx.weights @weights size 128 {
    %0 = tx.param dense<[10.0, 11.0, 12.0, 13.0]> : tensor<4xf32>
    tx.store %0 at 0 : tensor<4xf32>
    %1 = tx.param dense<7.0> : tensor<1xf32>
    tx.store %1 at 64 : tensor<1xf32>
  }
}
)mlir";

void EmitTest::SetUp() {
  llvm::SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("tx-emit", path));
  folder = path.str().str();
  text = kModule;
}

void EmitTest::TearDown() { llvm::sys::fs::remove_directories(folder); }

std::string EmitTest::file(llvm::StringRef name) const {
  return folder + "/" + name.str();
}

std::string EmitTest::read(llvm::StringRef path) const {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  return buffer ? (*buffer)->getBuffer().str() : "";
}

void EmitTest::write(llvm::StringRef path, llvm::StringRef bytes) const {
  std::error_code error;
  llvm::raw_fd_ostream os(path, error);
  ASSERT_FALSE(error) << error.message();
  os << bytes;
}

std::vector<std::string> EmitTest::listFiles() const {
  std::vector<std::string> names;
  std::error_code error;
  for (llvm::sys::fs::directory_iterator it(folder, error), end;
       it != end && !error; it.increment(error))
    names.push_back(llvm::sys::path::filename(it->path()).str());
  llvm::sort(names);
  return names;
}

void EmitTest::replace(llvm::StringRef from, llvm::StringRef to) {
  size_t at = text.find(from.str());
  ASSERT_NE(at, std::string::npos) << from.str();
  text.replace(at, from.size(), to.str());
}

void EmitTest::keepVariant() { variants.push_back(text); }

std::string EmitTest::emit(llvm::StringRef path, const EmitOptions &options) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<TxDialect, mlir::LLVM::LLVMDialect>();
  std::vector<std::string> texts = variants;
  texts.push_back(text);
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> owners;
  std::vector<mlir::ModuleOp> modules;
  for (const std::string &one : texts) {
    owners.push_back(mlir::parseSourceString<mlir::ModuleOp>(one, &context));
    if (!owners.back())
      return "the module does not parse";
    modules.push_back(*owners.back());
  }
  ParamSource source(folder);
  llvm::Error error = emitModule(modules, source, path, options);
  std::string message;
  lastCode = ExitCode::Ok;
  llvm::handleAllErrors(std::move(error), [&](const tx::Error &failure) {
    message = failure.getMessage().str();
    lastCode = failure.getCode();
  });
  return message;
}

int EmitTest::run(llvm::StringRef program,
                  std::vector<std::string> arguments) const {
  std::string path = program.str();
  if (!program.contains('/')) {
    auto found = llvm::sys::findProgramByName(program);
    if (!found)
      return -1;
    path = *found;
  }
  std::vector<llvm::StringRef> words{path};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::string out = file("out"), err = file("err");
  std::optional<llvm::StringRef> redirects[] = {
      std::nullopt, llvm::StringRef(out), llvm::StringRef(err)};
  return llvm::sys::ExecuteAndWait(path, words, std::nullopt, redirects);
}

/// Dynamic symbols of the shared object at `path`, defined or not.
static std::vector<std::string> dynamicSymbols(llvm::StringRef path,
                                               bool defined) {
  std::vector<std::string> names;
  auto binary = llvm::cantFail(llvm::object::createBinary(path));
  auto &object =
      llvm::cast<llvm::object::ELFObjectFileBase>(*binary.getBinary());
  for (llvm::object::ELFSymbolRef symbol : object.getDynamicSymbolIterators()) {
    uint32_t flags = llvm::cantFail(symbol.getFlags());
    bool undefined = flags & llvm::object::SymbolRef::SF_Undefined;
    std::string name = llvm::cantFail(symbol.getName()).str();
    if (undefined != defined && !name.empty())
      names.push_back(name);
  }
  return names;
}

std::vector<std::string> EmitTest::exportedSymbols(llvm::StringRef path) const {
  return dynamicSymbols(path, /*defined=*/true);
}

std::vector<std::string>
EmitTest::undefinedSymbols(llvm::StringRef path) const {
  return dynamicSymbols(path, /*defined=*/false);
}

testing::AssertionResult test::contains(llvm::StringRef text,
                                        llvm::StringRef part) {
  if (text.contains(part))
    return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "'" << part.str() << "' is not in '" << text.str() << "'";
}

SharedLibrary::SharedLibrary(const std::string &path)
    : handle(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  EXPECT_NE(handle, nullptr) << dlerror();
}

SharedLibrary::~SharedLibrary() {
  if (handle)
    dlclose(handle);
}

const tx_model *SharedLibrary::model(const char *symbol) const {
  auto get = reinterpret_cast<const tx_model *(*)()>(dlsym(handle, symbol));
  return get ? get() : nullptr;
}

std::string test::createError(const tx_model *model, uint32_t size,
                              int32_t affinity) {
  tx_options options = {};
  options.size = size;
  options.max_tokens = 16;
  options.max_sequences = 1;
  options.affinity = affinity;
  char error[256] = "";
  tx_context *context;
  if (model->create(&options, &context, error, sizeof error) == TX_OK)
    model->destroy(context);
  return error;
}

std::vector<float> test::lookUp(const tx_model *model,
                                std::vector<int32_t> ids) {
  tx_options options = {};
  options.size = sizeof options;
  options.threads = 2;
  options.max_tokens = ids.size();
  options.max_sequences = 1;
  char error[256] = "";
  tx_context *context;
  EXPECT_EQ(model->create(&options, &context, error, sizeof error), TX_OK)
      << error;
  if (!context)
    return {};
  std::vector<int32_t> offsets{0, int32_t(ids.size())};
  std::vector<float> values(ids.size());
  tx_tensor inputs[2] = {}, output = {};
  inputs[0].data = ids.data();
  inputs[0].shape[0] = ids.size();
  inputs[1].data = offsets.data();
  inputs[1].shape[0] = offsets.size();
  for (tx_tensor &input : inputs) {
    input.dtype = TX_I32;
    input.rank = 1;
  }
  output.data = values.data();
  output.capacity = values.size() * sizeof(float);
  EXPECT_EQ(model->run(context, 0, inputs, &output), TX_OK)
      << model->error(context);
  model->destroy(context);
  return values;
}
