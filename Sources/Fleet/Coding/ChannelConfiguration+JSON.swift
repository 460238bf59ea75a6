// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText

extension ChannelConfiguration {
    /// Writes the JSON form.
    public func write(into writer: inout JSONWriter) {
        writer.beginObject()
        writeMembers(into: &writer)
        writer.endObject()
    }

    /// Writes the members of the JSON form into an object that is already begun.
    public func writeMembers(into writer: inout JSONWriter) {
        writer.member("type", path.type.rawValue)
        switch path {
        case .tcp(let endpoint), .udp(let endpoint), .tls(let endpoint):
            writer.member("host", endpoint.host)
            writer.member("port", endpoint.port)
        case .serial(let line):
            line.writeMembers(into: &writer)
        case .modem(let line, let dial):
            line.writeMembers(into: &writer)
            writer.member("dial", dial)
        case .dialIn(let identity):
            writer.member("identity", identity)
        }
        if let group { writer.member("group", group.text) }
    }

    /// Reads the JSON form and checks every rule.
    ///
    /// - Throws: the first fault with its place.
    public init(_ value: JSONValue, at pointer: JSONPointer = .root) throws(JSONMemberError) {
        var members = try JSONMembers(value, at: pointer)
        let type: PathType = try members.requiredChoice("type")
        switch type {
        case .tcp: path = .tcp(try NetworkEndpoint(&members))
        case .udp: path = .udp(try NetworkEndpoint(&members))
        case .tls: path = .tls(try NetworkEndpoint(&members))
        case .serial: path = .serial(try SerialLine(&members))
        case .modem:
            let line = try SerialLine(&members)
            let dial = try members.requiredText("dial", "a dialling command such as ATDT0123456789") {
                !$0.isEmpty && TextCheck.isPlain($0, upTo: 64)
            }
            path = .modem(line, dial: dial)
        case .dialIn:
            let identity = try members.requiredText("identity", "the text or address by which the meter is known") {
                !$0.isEmpty && TextCheck.isPlain($0, upTo: 128)
            }
            path = .dialIn(identity: identity)
        }
        group = try members.optionalIdentifier("group")
        try members.finish()
    }
}

extension ChannelGroupConfiguration {
    /// Writes the members of the JSON form into an object that is already begun.
    public func writeMembers(into writer: inout JSONWriter) {
        writer.member("parallelism", parallelism)
        writer.member("maxConnectionsPerSecond", maxConnectionsPerSecond)
    }

    /// Reads the JSON form and checks every rule.
    ///
    /// - Throws: the first fault with its place.
    public init(_ value: JSONValue, at pointer: JSONPointer = .root) throws(JSONMemberError) {
        var members = try JSONMembers(value, at: pointer)
        parallelism = try members.requiredInteger("parallelism", in: 1...100_000)
        maxConnectionsPerSecond = try members.optionalNumber("maxConnectionsPerSecond")?.double
        try members.finish()
        if let rate = maxConnectionsPerSecond, !(rate > 0 && rate <= 100_000) {
            throw JSONMemberError(
                .outOfRange(allowed: "a number above 0 and up to 100000"),
                at: pointer.appending("maxConnectionsPerSecond")
            )
        }
    }
}

extension NetworkEndpoint {
    fileprivate init(_ members: inout JSONMembers) throws(JSONMemberError) {
        host = try members.requiredText("host", "a host name or address", where: TextCheck.isHost)
        port = try members.optionalInteger("port", in: 1...65_535) ?? Self.standardPort
    }
}

extension SerialLine {
    fileprivate func writeMembers(into writer: inout JSONWriter) {
        writer.member("device", device)
        writer.member("baud", baud)
        writer.member("parity", parity.rawValue)
        writer.member("dataBits", dataBits)
        writer.member("stopBits", stopBits)
    }

    fileprivate init(_ members: inout JSONMembers) throws(JSONMemberError) {
        device = try members.requiredText("device", "the absolute path of a device such as /dev/ttyUSB0") {
            $0.hasPrefix("/") && TextCheck.isPlain($0, upTo: 255)
        }
        baud = try members.optionalInteger("baud", in: 50...4_000_000) ?? 9600
        parity = try members.optionalChoice("parity") ?? .none
        dataBits = try members.optionalInteger("dataBits", in: 7...8) ?? 8
        stopBits = try members.optionalInteger("stopBits", in: 1...2) ?? 1
    }
}
