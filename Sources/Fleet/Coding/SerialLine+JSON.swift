// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText

extension SerialLine {
    func writeMembers(into writer: inout JSONWriter) {
        writer.member("device", device)
        format.writeMembers(into: &writer)
        if usesRS485 { writer.member("rs485", true) }
        if hasEcho { writer.member("echo", true) }
    }

    init(_ members: inout JSONMembers) throws(JSONMemberError) {
        device = try members.requiredText("device", "the absolute path of a device such as /dev/ttyUSB0") {
            $0.hasPrefix("/") && TextCheck.isPlain($0, upTo: 255)
        }
        format = try SerialFormat(&members)
        usesRS485 = try members.optionalBool("rs485") ?? false
        hasEcho = try members.optionalBool("echo") ?? false
    }
}

extension SerialFormat {
    func writeMembers(into writer: inout JSONWriter) {
        writer.member("baud", baud)
        writer.member("parity", parity.rawValue)
        writer.member("dataBits", dataBits)
        writer.member("stopBits", stopBits)
    }

    init(_ members: inout JSONMembers) throws(JSONMemberError) {
        baud = try members.optionalInteger("baud", in: 50...4_000_000) ?? 9600
        parity = try members.optionalChoice("parity") ?? .none
        dataBits = try members.optionalInteger("dataBits", in: 7...8) ?? 8
        stopBits = try members.optionalInteger("stopBits", in: 1...2) ?? 1
    }
}
