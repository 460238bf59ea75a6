// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Which APDU carries the protection.
enum ProtectionForm: Hashable, Sendable {
    /// The glo- or ded- variant of the service; services without one take the general form of the same key.
    case specific(CipheredAPDU.Key)
    /// general-glo-ciphering or general-ded-ciphering.
    case generalKey(CipheredAPDU.Key)
    /// general-ciphering.
    case general(SecuritySettings.ContentKeySource)
}

extension SecuritySettings.Ciphering {
    /// The form of service APDUs.
    var form: ProtectionForm {
        switch self {
        case .global: .specific(.global)
        case .dedicated: .specific(.dedicated)
        case .generalGlobal: .generalKey(.global)
        case .generalDedicated: .generalKey(.dedicated)
        case .general(let source): .general(source)
        }
    }
}
