// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Configuration
import GatewayCore
import JSONText
import Timekeeping

extension OrderSettings {
    /// Reads the settings under `orders`.
    ///
    /// - Parameter holdFile: the hold file unless the settings name another one.
    /// - Throws: `SettingsError.invalid`.
    static func resolve(_ reader: ConfigReader, holdFile: String?) throws -> OrderSettings {
        var settings = OrderSettings(holdFile: reader.string(forKey: "orders.holdFile") ?? holdFile)
        settings.maxDisconnectsPerHour = try reader.number(
            "orders.maxDisconnectsPerHour",
            from: 0,
            default: settings.maxDisconnectsPerHour
        )
        settings.mostTargets = try reader.number("orders.maxTargets", from: 1, default: settings.mostTargets)
        settings.settleTime = try duration(reader, "orders.settleTime", default: settings.settleTime)
        settings.resolvePause = try duration(reader, "orders.resolvePause", default: settings.resolvePause)
        if let text = reader.string(forKey: "orders.confirmation") {
            guard let policy = ConfirmationPolicy(rawValue: text) else {
                throw SettingsError.invalid(
                    option: "orders.confirmation",
                    value: text,
                    hint: "choose one of \(ConfirmationPolicy.allCases.map(\.rawValue).joined(separator: ", "))"
                )
            }
            settings.confirmation = policy
        }
        let name = reader.string(forKey: "orders.timeZone") ?? "UTC"
        guard let zone = ZoneInfo.named(name) else {
            let near = nearest(name, in: ZoneInfo.names)
            throw SettingsError.invalid(
                option: "orders.timeZone",
                value: name,
                hint: "write the name of a time zone, such as \(near ?? "Europe/Bratislava")"
            )
        }
        if let text = reader.string(forKey: "orders.window") {
            guard let window = OrderWindow(text, zone: zone) else {
                throw SettingsError.invalid(
                    option: "orders.window",
                    value: text,
                    hint: "write days and times, such as mon-thu 08:00-15:00"
                )
            }
            settings.window = window
        }
        return settings
    }

    private static func duration(
        _ reader: ConfigReader,
        _ key: ConfigKey,
        default fallback: Duration
    ) throws -> Duration {
        guard let text = reader.string(forKey: key) else { return fallback }
        guard let value = Duration(iso8601: text), value > .zero, value <= .seconds(3600) else {
            throw SettingsError.invalid(
                option: "\(key)",
                value: text,
                hint: "write a duration such as PT60S, at most PT1H"
            )
        }
        return value
    }
}
