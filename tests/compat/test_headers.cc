// SPDX-License-Identifier: Apache-2.0
// The headers as C++ sees them: each one, twice, and the layouts that are the binary interface.
#include <tensorflow/c/c_api.h>
#include <tensorflow/c/c_api_macros.h>
#include <tensorflow/c/tf_attrtype.h>
#include <tensorflow/c/tf_buffer.h>
#include <tensorflow/c/tf_datatype.h>
#include <tensorflow/c/tf_status.h>
#include <tensorflow/c/tf_tensor.h>
#include <tensorflow/c/tf_tstring.h>

#include <cstddef>
#include <cstdio>
#include <string>

static_assert(sizeof(TF_Output) == 2 * sizeof(void *) && offsetof(TF_Output, index) == sizeof(void *), "TF_Output");
static_assert(sizeof(TF_Input) == sizeof(TF_Output) && offsetof(TF_Input, index) == sizeof(void *), "TF_Input");
static_assert(sizeof(TF_Buffer) == 3 * sizeof(void *) && offsetof(TF_Buffer, length) == sizeof(void *), "TF_Buffer");
static_assert(offsetof(TF_Buffer, data_deallocator) == 2 * sizeof(void *), "TF_Buffer");
static_assert(sizeof(TF_AttrMetadata) == 32 && offsetof(TF_AttrMetadata, list_size) == 8, "TF_AttrMetadata");
static_assert(offsetof(TF_AttrMetadata, type) == 16 && offsetof(TF_AttrMetadata, total_size) == 24, "TF_AttrMetadata");
static_assert(sizeof(TF_TString) == 24 && offsetof(TF_TString_Large, ptr) == 2 * sizeof(void *), "TF_TString");
static_assert(sizeof(TF_DataType) == 4 && sizeof(TF_Code) == 4 && sizeof(TF_AttrType) == 4, "enumerations");
static_assert(TF_ATTR_FUNC == 8 && TF_FLOAT4_E2M1FN == 33 && TF_TSTR_VIEW == 3, "numbers");

int main()
{
    TF_TString text;
    TF_TString_Init(&text);
    TF_TString_Copy(&text, "written inline, read by the library", 35);
    std::string read(TF_StringGetDataPointer(&text), TF_StringGetSize(&text));
    TF_StringDealloc(&text);
    TF_Status *status = TF_NewStatus();
    TF_SetStatus(status, TF_NOT_FOUND, read.c_str());
    bool fine = read == "written inline, read by the library" && read == TF_Message(status);
    TF_DeleteStatus(status);
    std::puts(fine ? "all holds" : "FAILED");
    return fine ? 0 : 1;
}
