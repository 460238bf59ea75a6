// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import SQLiteDriver
import SettingsKit

/// Why the gateway does not start with the settings it was given.
enum SettingsError: Error, CustomStringConvertible {
    /// A value cannot be used; `hint` says what can.
    case invalid(option: String, value: String, hint: String)
    /// A value is needed; `hint` says what for.
    case missing(option: String, hint: String)
    /// An address that others can reach needs an explicit word while callers are not authenticated.
    case openAddress(ListenAddress)
    /// Values that cannot be used, each with its place.
    case faults([SettingFault])
    /// The database file cannot be this gateway's.
    case database(path: String, SQLiteTenancy.Refusal)

    /// The setting at fault, if somebody has set it.
    func key(in sources: SettingsSources) -> String? {
        guard case .invalid(let option, _, _) = self, let setting = sources.catalogue.named(option),
            sources.values[setting.key] != nil
        else { return nil }
        return setting.key
    }

    /// The same with the place where the value stands, if somebody has set it.
    func placed(by sources: SettingsSources) -> SettingsError {
        guard case .invalid(_, let value, let hint) = self, let key = key(in: sources),
            let setting = sources.catalogue.setting(key)
        else { return self }
        let text = "\(key) '\(setting.shown(value))' cannot be used: \(hint)"
        return .faults([SettingFault(sources.values[key]?.origin, text)])
    }

    var description: String {
        switch self {
        case .invalid(let option, let value, let hint):
            "--\(option): '\(value)' cannot be used: \(hint)"
        case .missing(let option, let hint):
            "--\(option) is missing: \(hint)"
        case .openAddress(let address):
            "--listen \(address): others could reach this address, and with --auth none whoever does may do everything. "
                + "Leave --auth none out, listen on 127.0.0.1, or add --insecure"
        case .faults(let faults):
            faults.map(\.description).joined(separator: "\n")
        case .database(let path, .occupied(let tenant)):
            "\(path) \(SQLiteTenancy.Refusal.occupied(tenant: tenant)). End that one first, or give this one another "
                + "--database; a PostgreSQL database carries several gateways"
        case .database(let path, let refusal):
            "--database: \(path) \(refusal)"
        }
    }
}
