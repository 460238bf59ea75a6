// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
public import DLMSEngine

/// How simulated meters present themselves in the text protocol.
public enum SimulatedText {
    /// A meter of mode C at up to 9600 Bd, and of mode E if it offers HDLC.
    public static func settings(offersHDLC: Bool = false) -> TextServerSettings? {
        IdentificationMessage(
            manufacturer: "SIM",
            baudCharacter: 0x35,
            escapes: offersHDLC ? [0x32] : [],
            identification: "SIMULATED-1"
        ).map { TextServerSettings(identification: $0) }
    }
}
