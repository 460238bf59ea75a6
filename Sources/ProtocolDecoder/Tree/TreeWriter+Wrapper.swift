// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

extension TreeWriter {
    mutating func write(_ frame: WrapperFrame) {
        object { tree in
            tree.json.member("version", frame.version)
            tree.json.member("source_wport", frame.sourcePort)
            tree.json.member("destination_wport", frame.destinationPort)
            tree.json.member("length", frame.payload.count)
            tree.octets("apdu", frame.payload)
        }
    }
}
