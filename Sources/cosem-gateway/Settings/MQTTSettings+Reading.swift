// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Configuration
import DLMSSecurity
import Files
import Glibc
import MQTTPublishing

extension MQTTSettings {
    /// Reads the settings under `mqtt`; nil when no broker is named.
    ///
    /// - Parameter node: the name of this gateway, by which the broker tells it from others.
    /// - Throws: `SettingsError.invalid`.
    static func resolve(_ reader: ConfigReader, node: String) throws -> MQTTSettings? {
        guard let broker = reader.string(forKey: "mqtt.broker") else { return nil }
        guard var settings = MQTTSettings(url: broker, client: "cosem-gateway-\(node)") else {
            throw SettingsError.invalid(
                option: "mqtt-broker",
                value: broker,
                hint: "write mqtt://HOST, mqtts://HOST or either with :PORT; user and password are options of their own"
            )
        }
        let prefix = reader.string(forKey: "mqtt.prefix", default: settings.prefix)
        let isFit = !prefix.isEmpty && prefix.utf8.count <= 200 && !prefix.hasPrefix("/") && !prefix.hasSuffix("/")
        guard isFit, prefix.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x23 && $0 != 0x2B }) else {
            throw SettingsError.invalid(
                option: "mqtt-prefix",
                value: prefix,
                hint: "write levels of a topic, such as meters/north, without # and +"
            )
        }
        settings.prefix = prefix
        settings.authorityFile = reader.string(forKey: "mqtt.authorityFile")
        settings.user = reader.string(forKey: "mqtt.user")
        if let file = reader.string(forKey: "mqtt.passwordFile") { settings.password = try password(in: file) }
        return settings
    }

    /// The first line of a file.
    private static func password(in path: String) throws -> Secret {
        guard let octets = WholeFile.read(path) else {
            throw SettingsError.invalid(
                option: "mqtt-password-file",
                value: path,
                hint: "the file cannot be read (\(String(cString: strerror(errno))))"
            )
        }
        return Secret(Array(octets.prefix { $0 != 0x0A && $0 != 0x0D }))
    }
}
