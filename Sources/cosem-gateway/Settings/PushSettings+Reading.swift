// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Configuration
import GatewayCore
import MeterTransport

extension PushSettings {
    /// Reads where meters push to and how much they may send; nil when nothing is to be listened to.
    ///
    /// - Throws: `SettingsError`.
    static func resolve(_ reader: ConfigReader) throws -> PushSettings? {
        guard let text = reader.string(forKey: "push.listen") else { return nil }
        guard let address = ListenAddress(text) else {
            throw SettingsError.invalid(
                option: "push-listen",
                value: text,
                hint: "write ADDRESS:PORT, for example 0.0.0.0:4059 or [::]:4059"
            )
        }
        var settings = PushSettings(host: address.host, port: Int(address.port))
        func number(_ key: ConfigKey, _ option: String, upTo most: Int = .max) throws -> Int? {
            guard let text = reader.string(forKey: key) else { return nil }
            guard let value = Int(text), (1...most).contains(value) else {
                let range = most == .max ? "of 1 or more" : "from 1 to \(most)"
                throw SettingsError.invalid(option: option, value: text, hint: "write a whole number \(range)")
            }
            return value
        }
        settings.mostConnections = try number("push.connections", "push-connections") ?? settings.mostConnections
        settings.connectionsPerAddress =
            try number("push.connectionsPerAddress", "push-connections-per-address") ?? settings.connectionsPerAddress
        settings.octetsPerSecond =
            try number("push.octetsPerSecond", "push-octets-per-second") ?? settings.octetsPerSecond
        settings.waitingPerAddress = try number("push.waiting", "push-waiting") ?? settings.waitingPerAddress
        settings.mostSenders = try number("push.senders", "push-senders") ?? settings.mostSenders
        settings.longestMessage =
            try number("push.longestMessage", "push-longest-message", upTo: 65_535) ?? settings.longestMessage
        if let seconds = try number("push.idle", "push-idle") { settings.idle = .seconds(seconds) }
        return settings
    }
}

extension PushPolicy {
    /// Reads what is believed of what meters push.
    ///
    /// - Throws: `SettingsError`.
    static func resolve(_ reader: ConfigReader) throws -> PushPolicy {
        guard let text = reader.string(forKey: "push.unprotected") else { return PushPolicy() }
        guard let unprotected = Unprotected(rawValue: text) else {
            throw SettingsError.invalid(
                option: "push-unprotected",
                value: text,
                hint: "choose one of \(Unprotected.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        return PushPolicy(unprotected: unprotected)
    }
}
