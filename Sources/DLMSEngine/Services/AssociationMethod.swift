// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// The methods of the current association object that open an association.
enum AssociationMethod {
    /// Takes the proof of the client and returns that of the server: method 1 of class 15, method 8 of class 12.
    static func replyToHLSAuthentication(usesShortNames: Bool) -> MethodDescriptor {
        MethodDescriptor(
            classID: usesShortNames ? 12 : 15,
            instanceID: OBISCode(0, 0, 40, 0, 0, 255),
            methodID: usesShortNames ? 8 : 1
        )
    }
}
