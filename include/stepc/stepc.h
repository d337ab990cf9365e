/* SPDX-License-Identifier: 0BSD */
/* All public headers. */
#ifndef STEPC_STEPC_H
#define STEPC_STEPC_H

#include "stepc/compiler.h"
#include "stepc/graph.h"
#include "stepc/host.h"
#include "stepc/module.h"
#include "stepc/session.h"
#include "stepc/status.h"
#include "stepc/tensor.h"

#endif
