// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Files
import JSONText

/// All settings from their strongest sources: flag, then environment, then credential, then file, then default.
public struct SettingsSources: Sendable {
    private static let prefix = "COSEM_GATEWAY_"

    /// What was found and has the right form, by key; what nobody has set is not there.
    public private(set) var values: [String: SettingValue] = [:]
    /// What keeps the gateway from starting.
    public private(set) var faults: [SettingFault] = []
    /// What is probably not as it was meant.
    public private(set) var warnings: [String] = []
    /// The catalogue that they were read by.
    public let catalogue: SettingsCatalogue
    /// The file of settings; nil when there is none.
    public let fileName: String?

    /// Gathers the values of all sources and looks at their form.
    ///
    /// - Parameters:
    ///   - flags: What the command line said, by key; nil where it said nothing.
    ///   - environment: The variables of the environment.
    ///   - file: The path of a YAML file, or nil.
    ///   - read: Gives the text of a file, or nil when it cannot be read.
    public init(
        _ catalogue: SettingsCatalogue,
        flags: [String: String?],
        environment: [String: String],
        file: String?,
        read: (String) -> String? = SettingsSources.text(ofFile:)
    ) {
        self.catalogue = catalogue
        fileName = file
        let contents = file.flatMap { name -> SettingsFile? in
            guard let text = read(name) else {
                faults.append(SettingFault(nil, "\(name): the file of settings cannot be read"))
                return nil
            }
            return SettingsFile(text, name: name, catalogue: catalogue)
        }
        faults += contents?.faults ?? []
        for setting in catalogue.settings {
            guard let value = value(of: setting, flags, environment, contents, read) else { continue }
            if let objection = setting.objection(to: value.text) {
                let told = setting.isSecret ? "" : " '\(value.text)'"
                faults.append(SettingFault(value.origin, "\(setting.key)\(told) cannot be used: \(objection)"))
            } else {
                values[setting.key] = value
            }
        }
        // Flags that the catalogue does not have are kept for whoever asks for them.
        for case (let key, let text?) in flags where catalogue.setting(key) == nil {
            values[key] = SettingValue(text, .flag("--\(key)"))
        }
        let known = Set(catalogue.variables)
        // All have the same beginning, which makes none of them nearer.
        let endings = catalogue.variables.map { $0.dropFirst(Self.prefix.count) }.map(String.init)
        for name in environment.keys.sorted() where name.hasPrefix(Self.prefix) && !known.contains(name) {
            guard let meant = nearest(String(name.dropFirst(Self.prefix.count)), in: endings) else { continue }
            warnings.append("\(name) in the environment sets nothing; did you mean \(Self.prefix + meant)?")
        }
    }

    /// Forgets a value, as if nobody had set it.
    public mutating func leaveOut(_ key: String) {
        values[key] = nil
    }

    private mutating func value(
        of setting: Setting,
        _ flags: [String: String?],
        _ environment: [String: String],
        _ file: SettingsFile?,
        _ read: (String) -> String?
    ) -> SettingValue? {
        if let text = flags[setting.key] ?? nil { return SettingValue(text, .flag(setting.flag)) }
        if let text = environment[setting.variable] { return SettingValue(text, .environment(setting.variable)) }
        guard setting.isSecret else { return file?.values[setting.key] }
        let variable = setting.variable + "_FILE"
        if let path = environment[variable] {
            return secret(setting, at: path, .environmentFile(variable, path: path), read)
        }
        if let folder = environment["CREDENTIALS_DIRECTORY"], let text = read("\(folder)/\(setting.credential)") {
            return SettingValue(Self.withoutLineEnd(text), .credential(setting.credential))
        }
        if let name = file?.files[setting.key] { return secret(setting, at: name.text, name.origin, read) }
        return file?.values[setting.key]
    }

    private mutating func secret(
        _ setting: Setting,
        at path: String,
        _ origin: SettingOrigin,
        _ read: (String) -> String?
    ) -> SettingValue? {
        guard let text = read(path) else {
            faults.append(SettingFault(origin, "\(path), which has \(setting.key), cannot be read"))
            return nil
        }
        return SettingValue(Self.withoutLineEnd(text), origin)
    }

    private static func withoutLineEnd(_ text: String) -> String {
        String(text.reversed().drop { $0.isNewline }.reversed())
    }

    /// The text of a file of at most 1 MiB; nil when it cannot be read or is no UTF-8.
    public static func text(ofFile path: String) -> String? {
        WholeFile.read(path).flatMap { String(validating: $0, as: UTF8.self) }
    }
}
