// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import GatewayAPI
import JSONText
import SettingsKit
import Synchronization

/// The settings that the process works with: those of its start, and of a reload what it takes without a restart.
final class StandingSettings: Sendable {
    private let start: SettingsSources
    private let newest: Mutex<SettingsSources>

    /// Begins with the settings of the start.
    init(_ settings: GatewaySettings) {
        start = settings.sources
        newest = Mutex(settings.sources)
    }

    /// Settings that were read again.
    func follow(_ settings: GatewaySettings) {
        newest.withLock { $0 = settings.sources }
    }

    /// The settings as operators see them.
    var inForce: SettingsInForce {
        let newest = newest.withLock { $0 }
        let catalogue = start.catalogue
        return SettingsInForce(
            file: newest.fileName,
            entries: catalogue.settings.map { setting in
                let (old, new) = (start.values[setting.key], newest.values[setting.key])
                let value = setting.isReloadable ? new : old
                return SettingsInForce.Entry(
                    name: catalogue.path(of: setting),
                    value: Self.shown(value?.text ?? setting.usual, setting),
                    origin: Self.origin(value?.origin ?? .usual),
                    place: value.map { "\($0.origin)" },
                    waitsForRestart: !setting.isReloadable && old?.text != new?.text
                )
            }
        )
    }

    private static func shown(_ text: String?, _ setting: Setting) -> JSONValue {
        guard let text else { return .null }
        let shown = setting.shown(text)
        return switch setting.form {
        case .number: Int(shown).map { .integer($0) } ?? .string(shown)
        case .flag: .bool(shown == "true")
        case .list(let separator, _): .array(shown.split(separator: separator).map { .string(String($0)) })
        case .text, .word, .duration: .string(shown)
        }
    }

    private static func origin(_ origin: SettingOrigin) -> SettingsInForce.Origin {
        switch origin {
        case .flag: .flag
        case .environment, .environmentFile: .environment
        case .credential: .credential
        case .file: .file
        case .usual: .usual
        }
    }
}
