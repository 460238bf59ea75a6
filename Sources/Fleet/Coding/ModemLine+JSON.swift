// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Timekeeping

extension ModemLine {
    private static let standard = ModemLine(port: .tcp(NetworkEndpoint(host: "")), dial: "")

    /// Writes the members of the JSON form; times and retries only where they are not the usual ones.
    func writeMembers(into writer: inout JSONWriter) {
        switch port {
        case .serial(let line): line.writeMembers(into: &writer)
        case .tcp(let endpoint): endpoint.writeMembers(into: &writer)
        }
        writer.member("dial", dial)
        if !initialization.isEmpty { writer.member("init", initialization) }
        let standard = Self.standard
        let times: [(StaticString, Duration, Duration)] = [
            ("commandTimeout", commandTimeout, standard.commandTimeout),
            ("dialTimeout", dialTimeout, standard.dialTimeout), ("busyPause", busyPause, standard.busyPause),
            ("guardTime", guardTime, standard.guardTime),
        ]
        for (name, time, usual) in times where time != usual {
            writer.member(name, time.iso8601)
        }
        if busyRetries != standard.busyRetries { writer.member("busyRetries", busyRetries) }
    }

    init(_ members: inout JSONMembers) throws(JSONMemberError) {
        let port: Port =
            members.names.contains("host")
            ? .tcp(try NetworkEndpoint(&members, requiresPort: true)) : .serial(try SerialLine(&members))
        let dial = try members.requiredText("dial", "a dialling command such as ATDT0123456789") {
            !$0.isEmpty && TextCheck.isPlain($0, upTo: 64)
        }
        self.init(port: port, dial: dial)
        initialization = try Self.commands(&members)
        let times = Duration.milliseconds(1)...Duration.seconds(600)
        commandTimeout = try members.optionalDuration("commandTimeout", in: times) ?? commandTimeout
        dialTimeout = try members.optionalDuration("dialTimeout", in: times) ?? dialTimeout
        busyPause = try members.optionalDuration("busyPause", in: times) ?? busyPause
        guardTime = try members.optionalDuration("guardTime", in: times) ?? guardTime
        busyRetries = try members.optionalInteger("busyRetries", in: 0...20) ?? busyRetries
    }

    private static func commands(_ members: inout JSONMembers) throws(JSONMemberError) -> [String] {
        guard let value = members.optionalValue("init"), !value.isNull else { return [] }
        let expected = "at most 16 commands of at most 128 characters, such as AT+CBST=71,0,1"
        guard let items = value.array, items.count <= 16 else { throw members.fault("init", expected) }
        var commands: [String] = []
        for item in items {
            guard let command = item.string, !command.isEmpty, TextCheck.isPlain(command, upTo: 128) else {
                throw members.fault("init", expected)
            }
            commands.append(command)
        }
        return commands
    }
}
