// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Configuration

extension ConfigReader {
    /// The whole number of a setting, `fallback` when it is not set.
    ///
    /// - Throws: ``SettingsError`` for one below `least`, and for what is no number.
    func number(_ key: ConfigKey, from least: Int, default fallback: Int) throws -> Int {
        guard let text = string(forKey: key) else { return int(forKey: key, default: fallback) }
        guard let value = Int(text), value >= least else {
            throw SettingsError.invalid(option: "\(key)", value: text, hint: "write a whole number of \(least) or more")
        }
        return value
    }
}
