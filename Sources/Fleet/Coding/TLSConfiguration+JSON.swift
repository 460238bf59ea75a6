// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText

extension TLSConfiguration {
    func writeMembers(into writer: inout JSONWriter) {
        if let caFile { writer.member("caFile", caFile) }
        if let serverName { writer.member("serverName", serverName) }
        if let clientCertificateFile { writer.member("clientCertificateFile", clientCertificateFile) }
        if let clientKeyFile { writer.member("clientKeyFile", clientKeyFile) }
    }

    init(_ members: inout JSONMembers, at pointer: JSONPointer) throws(JSONMemberError) {
        caFile = try Self.file("caFile", &members)
        serverName = try members.optionalText("serverName", "a host name", where: TextCheck.isHost)
        clientCertificateFile = try Self.file("clientCertificateFile", &members)
        clientKeyFile = try Self.file("clientKeyFile", &members)
        guard (clientCertificateFile == nil) == (clientKeyFile == nil) else {
            let missing = clientKeyFile == nil ? "clientKeyFile" : "clientCertificateFile"
            throw JSONMemberError(.invalid(expected: "there, for its other half is"), at: pointer.appending(missing))
        }
    }

    private static func file(_ name: String, _ members: inout JSONMembers) throws(JSONMemberError) -> String? {
        try members.optionalText(name, "the absolute path of a PEM file") {
            $0.hasPrefix("/") && TextCheck.isPlain($0, upTo: 255)
        }
    }
}
