// Forty people of a bakery company: names in several scripts, two domains, three countries, managers, departments. All invented.
const row = (givenName, familyName, userName, title, department, country, manager) => ({
  givenName,
  familyName,
  userName,
  title,
  department,
  country,
  manager,
});

/** Pushed by Entra. The first is the head; a manager is named by userName and comes before those who report to them. */
export const plumPeople = [
  row('Mira', 'Holt', 'mira.holt', 'Chief Executive', 'Management', 'Netherlands'),
  row('Ada', 'Lindqvist', 'ada.lindqvist', 'Account Manager', 'Sales', 'Netherlands', 'mira.holt'),
  row('Bob', 'van der Berg', 'bob.vanderberg', 'Account Manager', 'Sales', 'Netherlands', 'mira.holt'),
  row('Zoë', 'Müller-Gruß', 'zoe.mueller', 'Head of Sales', 'Sales', 'Netherlands', 'mira.holt'),
  row('陽菜', '佐藤', 'hina.sato', 'Sales Lead', 'Sales', 'Japan', 'zoe.mueller'),
  row('蓮', '鈴木', 'ren.suzuki', 'Sales Engineer', 'Sales', 'Japan', 'hina.sato'),
  row('Олександра', 'Шевченко', 'oleksandra.shevchenko', 'Sales Analyst', 'Sales', 'Netherlands', 'zoe.mueller'),
  row('Λητώ', 'Παπαδοπούλου', 'lito.papadopoulou', 'Sales Trainer', 'Sales', 'Netherlands', 'zoe.mueller'),
  row('Renée', "O'Neill", 'renee.oneill', 'Sales Director', 'Sales', 'United States', 'zoe.mueller'),
  row('Tyler', 'Brooks', 'tyler.brooks', 'Account Executive', 'Sales', 'United States', 'renee.oneill'),
  row('Grace', 'Okafor', 'grace.okafor', 'Head of Engineering', 'Engineering', 'Netherlands', 'mira.holt'),
  row('Jan', 'de Vries', 'jan.devries', 'Oven Engineer', 'Engineering', 'Netherlands', 'grace.okafor'),
  row('Sander', 'Bakker', 'sander.bakker', 'Oven Engineer', 'Engineering', 'Netherlands', 'grace.okafor'),
  row('יעל', 'כהן', 'yael.cohen', 'Platform Engineer', 'Engineering', 'Netherlands', 'grace.okafor'),
  row('عمر', 'حداد', 'omar.haddad', 'Platform Engineer', 'Engineering', 'Netherlands', 'grace.okafor'),
  row('美咲', '高橋', 'misaki.takahashi', 'Quality Engineer', 'Engineering', 'Japan', 'grace.okafor'),
  row('Amélie', 'Dubois', 'amelie.dubois', 'Food Scientist', 'Research', 'Netherlands', 'mira.holt'),
  row('Łukasz', 'Wójcik', 'lukasz.wojcik', 'Food Scientist', 'Research', 'Netherlands', 'amelie.dubois'),
  row('Søren', 'Ærø', 'soren.aeroe', 'Lab Technician', 'Research', 'Netherlands', 'amelie.dubois'),
  row('अनन्या', 'शर्मा', 'ananya.sharma', 'Data Scientist', 'Research', 'United States', 'amelie.dubois'),
  row('Priya', 'Nair', 'priya.nair', 'Head of People', 'People', 'Netherlands', 'mira.holt'),
  row('Femke', 'Jansen', 'femke.jansen', 'Recruiter', 'People', 'Netherlands', 'priya.nair'),
  row('Daan', 'Visser', 'daan.visser', 'People Partner', 'People', 'Netherlands', 'priya.nair'),
  row('María José', 'Núñez', 'mariajose.nunez', 'Controller', 'Finance', 'Netherlands', 'mira.holt'),
  row('Hugo', 'Smit', 'hugo.smit', 'Accountant', 'Finance', 'Netherlands', 'mariajose.nunez'),
  row('Eva', 'Novák', 'eva.novak', 'Accountant', 'Finance', 'Netherlands', 'mariajose.nunez'),
  row('健', '渡辺', 'ken.watanabe', 'Buyer', 'Finance', 'Japan', 'mariajose.nunez'),
  row('Noah', 'Meijer', 'noah.meijer', 'Bakery Manager', 'Bakery', 'Netherlands', 'mira.holt'),
  row('Fleur', 'Mulder', 'fleur.mulder', 'Baker', 'Bakery', 'Netherlands', 'noah.meijer'),
  row('Çağla', 'Yıldız', 'cagla.yildiz', 'Baker', 'Bakery', 'Netherlands', 'noah.meijer'),
].map((person) => ({
  ...person,
  userName: `${person.userName}@plum.example`,
  manager: person.manager && `${person.manager}@plum.example`,
}));

/** Pushed by Okta, for the company that was bought. */
export const figPeople = [
  row('Tove', 'Lind', 'tove', 'Managing Director', 'Management', 'United States'),
  row('Marcus', 'Reed', 'marcus', 'Head of Sales', 'Sales', 'United States'),
  row('Ling', 'Chen', 'ling', 'Account Executive', 'Sales', 'United States'),
  row('Diego', 'Peña', 'diego', 'Account Executive', 'Sales', 'United States'),
  row('Imani', 'Walker', 'imani', 'Designer', 'Design', 'United States'),
  row('Oskar', 'Berg', 'oskar', 'Designer', 'Design', 'United States'),
  row('민준', '김', 'minjun', 'Developer', 'Engineering', 'United States'),
  row('Leila', 'Haddad', 'leila', 'Developer', 'Engineering', 'United States'),
  row('Sam', 'Taylor', 'sam', 'Support', 'Support', 'United States'),
  row('Ines', 'Costa', 'ines', 'Support', 'Support', 'United States'),
].map((person) => ({ ...person, userName: `${person.userName}@fig.example` }));

/** Hired while the application is out of order. */
export const newHire = row(
  'Nadia',
  'El Amrani',
  'nadia.elamrani@plum.example',
  'Account Manager',
  'Sales',
  'Netherlands',
);
