// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine

/// Why a converter cannot be used by RFC 2217.
public enum ConverterFault: Error, Hashable, Sendable {
    /// It does not know the option: a raw converter, or none at all.
    case notSpoken
    /// It did not say in time whether it knows the option, or whether it does what it was told.
    case silent
    /// It does not have this speed, or these characters.
    case formatRefused(LineFormat)
}
