// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

extension GatewayPrefixAddress {
    /// Writes the JSON form.
    func write(into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("networkId", networkID)
        writer.member("physicalAddress", Hexadecimal.text(of: physicalAddress))
        writer.endObject()
    }

    /// Reads the JSON form and checks every rule.
    ///
    /// - Throws: the first fault with its place.
    init(_ members: JSONMembers) throws(JSONMemberError) {
        var members = members
        let networkID: UInt8 = try members.optionalInteger("networkId", in: 0...255) ?? 0
        let text = try members.requiredText("physicalAddress", "1 to 127 octets in hexadecimal digits") {
            Hexadecimal.octets(of: $0).map { (1...127).contains($0.count) } ?? false
        }
        self.init(networkID: networkID, physicalAddress: Hexadecimal.octets(of: text) ?? [])
        try members.finish()
    }
}
