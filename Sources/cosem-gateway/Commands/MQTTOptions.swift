// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser

/// Where what happens is published.
struct MQTTOptions: ParsableArguments {
    @Option(help: .setting("mqtt.broker"))
    var mqttBroker: String?

    @Option(help: .setting("mqtt.prefix"))
    var mqttPrefix: String?

    @Option(help: .setting("mqtt.user"))
    var mqttUser: String?

    @Option(help: .setting("mqtt.passwordFile"))
    var mqttPasswordFile: String?

    @Option(help: .setting("mqtt.authorityFile"))
    var mqttAuthorityFile: String?

    /// What the command line said, by the keys of the settings.
    var flags: [String: String?] {
        [
            "mqtt.broker": mqttBroker, "mqtt.prefix": mqttPrefix, "mqtt.user": mqttUser,
            "mqtt.passwordFile": mqttPasswordFile, "mqtt.authorityFile": mqttAuthorityFile,
        ]
    }
}
