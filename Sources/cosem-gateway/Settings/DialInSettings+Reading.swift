// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Configuration
import DLMSCodec
import DLMSEngine
import MeterTransport

extension DialInSettings {
    /// The client that everybody may be, without any security.
    private static let publicClient: UInt8 = 16

    /// Reads the settings of meters that connect to the gateway; nil when nothing is to be listened to.
    ///
    /// - Throws: `SettingsError`.
    static func resolve(_ reader: ConfigReader) throws -> DialInSettings? {
        guard let text = reader.string(forKey: "dialIn.listen") else { return nil }
        guard let address = ListenAddress(text) else {
            throw SettingsError.invalid(
                option: "dial-in-listen",
                value: text,
                hint: "write ADDRESS:PORT, for example 0.0.0.0:4059"
            )
        }
        let line = reader.string(forKey: "dialIn.firstLine", default: "{}")
        let firstLine = try pattern(line, "dial-in-first-line")
        guard firstLine.hasIdentity else {
            throw SettingsError.invalid(
                option: "dial-in-first-line",
                value: line,
                hint: "write {} where the identity stands"
            )
        }
        var settings = DialInSettings(
            host: address.host,
            port: Int(address.port),
            identification: try ways(reader.string(forKey: "dialIn.identify", default: "address,first-line")),
            firstLine: firstLine,
            firstLineOctets: try number(reader, "dialIn.firstLineOctets", "dial-in-first-line-octets"),
            heartbeats: try heartbeats(reader.string(forKey: "dialIn.heartbeat"))
        )
        if let seconds = try number(reader, "dialIn.identifyTime", "dial-in-identify-time") {
            settings.identificationTimeout = .seconds(seconds)
        }
        settings.mostCallers =
            try number(reader, "dialIn.connections", "dial-in-connections") ?? settings.mostCallers
        settings.mostUnknown = try number(reader, "dialIn.unknown", "dial-in-unknown") ?? settings.mostUnknown
        if let seconds = try number(reader, "dialIn.unknownTime", "dial-in-unknown-time") {
            settings.unknownTime = .seconds(seconds)
        }
        if let seconds = try number(reader, "dialIn.keepAlive", "dial-in-keep-alive") {
            settings.keepAlive = .seconds(seconds)
        }
        return settings
    }

    private static func ways(_ text: String) throws -> [Identification] {
        let option = "dial-in-identify"
        var asks = 0
        let ways = try text.split(separator: ",").map { word -> Identification in
            switch word.filter({ $0 != " " }) {
            case "address": return .address
            case "first-line": return .firstLine
            case "ask-wrapper":
                asks += 1
                return .asking(.wrapper(clientPort: UInt16(publicClient), serverPort: 1))
            case "ask-hdlc":
                asks += 1
                guard let server = HDLCAddress(upper: 1) else { fallthrough }
                return .asking(.hdlc(HDLCLinkSettings(client: publicClient, server: server)))
            default:
                throw SettingsError.invalid(
                    option: option,
                    value: text,
                    hint: "choose of address, first-line, ask-wrapper and ask-hdlc, with commas between"
                )
            }
        }
        guard !ways.isEmpty, asks <= 1 else {
            throw SettingsError.invalid(
                option: option,
                value: text,
                hint: "name at least one way, and one to ask at most"
            )
        }
        return ways
    }

    private static func heartbeats(_ text: String?) throws -> [OctetPattern] {
        try (text ?? "").split(separator: "|").map { part in
            let heartbeat = try pattern(String(part), "dial-in-heartbeat")
            guard heartbeat.hasEnd else {
                throw SettingsError.invalid(
                    option: "dial-in-heartbeat",
                    value: String(part),
                    hint: #"end it with a text that cannot be missed, such as \r\n"#
                )
            }
            return heartbeat
        }
    }

    private static func pattern(_ text: String, _ option: String) throws -> OctetPattern {
        do throws(OctetPattern.Fault) {
            return try OctetPattern(text)
        } catch {
            throw SettingsError.invalid(
                option: option,
                value: text,
                hint: #"write text with {} for the identity, * for anything between texts, and \r, \n or \xHH"#
            )
        }
    }

    private static func number(_ reader: ConfigReader, _ key: ConfigKey, _ option: String) throws -> Int? {
        guard let text = reader.string(forKey: key) else { return nil }
        guard let value = Int(text), value > 0 else {
            throw SettingsError.invalid(option: option, value: text, hint: "write a whole number of 1 or more")
        }
        return value
    }
}
