// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The system's `open`, where a type has a method of that name.
func systemOpen(_ path: String, _ flags: Int32) -> Int32 { open(path, flags) }

/// The system's `close`, where a type has a method of that name.
@discardableResult
func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }
