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
        case .tcp(let endpoint), .udp(let endpoint): endpoint.writeMembers(into: &writer)
        case .tls(let endpoint, let security):
            endpoint.writeMembers(into: &writer)
            security.writeMembers(into: &writer)
        case .serial(let line):
            line.writeMembers(into: &writer)
        case .rfc2217(let endpoint, let format):
            endpoint.writeMembers(into: &writer)
            format.writeMembers(into: &writer)
        case .modem(let modem):
            modem.writeMembers(into: &writer)
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
        case .tls: path = .tls(try NetworkEndpoint(&members), try TLSConfiguration(&members, at: pointer))
        case .serial: path = .serial(try SerialLine(&members))
        case .rfc2217:
            // No port is usual for it.
            path = .rfc2217(try NetworkEndpoint(&members, requiresPort: true), try SerialFormat(&members))
        case .modem: path = .modem(try ModemLine(&members))
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
    func writeMembers(into writer: inout JSONWriter) {
        writer.member("host", host)
        writer.member("port", port)
    }

    init(_ members: inout JSONMembers, requiresPort: Bool = false) throws(JSONMemberError) {
        host = try members.requiredText("host", "a host name or address", where: TextCheck.isHost)
        port =
            requiresPort
            ? try members.requiredInteger("port", in: 1...65_535)
            : try members.optionalInteger("port", in: 1...65_535) ?? Self.standardPort
    }
}
